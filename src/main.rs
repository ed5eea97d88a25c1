//! The `logitscope` binary: hands its arguments to [`logitscope::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    logitscope::cli::run()
}
