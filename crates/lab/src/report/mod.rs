//! Reports as bytes: [`json`] for scripts, [`text`] for people. Both draw the same data and measure nothing; neither knows the
//! machine, the time of day or the terminal, so that the same run gives the same bytes.

pub mod cases;
pub mod json;
pub mod sides;
pub mod slices;
pub mod strikes;
pub mod text;
