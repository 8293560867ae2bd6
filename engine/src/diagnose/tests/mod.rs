//! Hand-made histories, and what must be said of them.
