//! Lessons in the playground: what they can speak of.

pub mod figures;
mod tables;

pub use tables::LessonTables;
