//! What the playground knows by name. Lessons are checked against it, so that a pane or a key that is renamed is found in
//! the lessons that name it.

/// What a figure is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Number,
    Text,
    /// One of these words.
    OneOf(Vec<String>),
}

/// The playground's own tables, by name.
pub trait Tables {
    /// The panes.
    fn panes(&self) -> Vec<&'static str>;

    /// What can be bound to keys.
    fn actions(&self) -> Vec<&'static str>;

    /// The presets.
    fn presets(&self) -> Vec<String>;

    /// The knobs.
    fn knobs(&self) -> Vec<String>;

    /// Sets a knob to a value as it is typed, on trial.
    ///
    /// # Errors
    /// With a sentence that says which values would do.
    fn try_knob(&self, name: &str, value: &str) -> Result<(), String>;

    /// The figures that sentences and conditions can be about.
    fn figures(&self) -> Vec<String>;

    /// What a figure is, of what stands behind its colon, such as the rank in `p:1`.
    ///
    /// # Errors
    /// With a sentence that says what would do there. Of a name that is no figure's nothing is asked.
    fn kind(&self, name: &str, of: Option<&str>) -> Result<Kind, String>;

    /// The trainings that the program can start to show something.
    fn demonstrations(&self) -> Vec<&'static str>;
}
