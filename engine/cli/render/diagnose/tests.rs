//! A diagnosis with everything in it, as text and as Markdown.
