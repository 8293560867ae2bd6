//! Finds where fields and lines end; says nothing about their meaning.

mod kernel;

pub use kernel::Kernel;
