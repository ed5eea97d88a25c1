//! Comparisons: each is printed as it is made, and all that failed fail the test in the end.

use serde_json::json;

/// The comparisons of one test.
pub struct Held {
    /// What is compared.
    subject: String,
    failed: Vec<String>,
}

impl Held {
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            failed: Vec::new(),
        }
    }

    /// Compares: `difference` may be `limit` at most. No number is more than any limit.
    pub fn report(&mut self, what: &str, precision: &str, difference: f64, limit: f64) {
        let ok = difference <= limit;
        let line = json!({
            "subject": self.subject,
            "what": what,
            "precision": precision,
            "difference": difference,
            "limit": limit,
            "ok": ok,
        });
        println!("\n{line}");
        if !ok {
            self.failed.push(format!(
                "{what} in {precision}: {difference} is over {limit}"
            ));
        }
    }

    /// Something that is so or is not.
    pub fn is_so(&mut self, what: &str, precision: &str, so: bool) {
        self.report(what, precision, f64::from(u8::from(!so)), 0.0);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(
                self.failed.is_empty(),
                "{}: {}",
                self.subject,
                self.failed.join("; ")
            );
        }
    }
}
