//! Colours that are told apart by all common kinds of colour vision (Okabe and Ito 2008,
//! <https://jfly.uni-koeln.de/color/>).

use plotters::style::RGBColor;

pub const INK: RGBColor = RGBColor(34, 34, 34);
pub const QUIET: RGBColor = RGBColor(120, 120, 120);
pub const GRID: RGBColor = RGBColor(225, 225, 225);
pub const RAW: RGBColor = RGBColor(86, 180, 233);
pub const FINAL: RGBColor = RGBColor(0, 114, 178);
pub const MARK: RGBColor = RGBColor(213, 94, 0);
pub const OTHER: RGBColor = RGBColor(0, 158, 115);
pub const PURPLE: RGBColor = RGBColor(204, 121, 167);
pub const ORANGE: RGBColor = RGBColor(230, 159, 0);

/// The colours of runs that are compared.
pub const COMPARED: [RGBColor; 8] = [FINAL, MARK, OTHER, PURPLE, ORANGE, RAW, INK, QUIET];
