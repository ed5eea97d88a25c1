//! The words that all of the playground is written in: what can be asked and with which key, how screens, panes, knobs
//! and colours are called, where panes lie, how text is broken into lines. Nothing here knows
//! what the playground shows just now.

pub mod action;
pub mod bars;
pub mod big_letters;
pub mod bindings;
pub mod blocks;
pub mod colour;
pub mod columns;
pub mod continuations;
pub mod flow;
pub mod focus;
pub mod keymap;
pub mod keys;
pub mod knob_rows;
pub mod lanes;
pub mod layout;
pub mod letters;
pub mod marks;
pub mod question;
pub mod safe;
pub mod theme;
pub mod tone;
pub mod window;
pub mod wrapped;
