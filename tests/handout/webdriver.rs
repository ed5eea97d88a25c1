//! A browser without a window, driven by WebDriver (<https://www.w3.org/TR/webdriver2/>): JSON over HTTP.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Under which name an element is handed over.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
pub const TAB: &str = "\u{E004}";
pub const RIGHT: &str = "\u{E014}";
pub const DOWN: &str = "\u{E015}";

/// A browser with one page.
pub struct Browser {
    driver: Child,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    session: String,
}

impl Browser {
    /// Starts one. None where there is none, which under CI fails and elsewhere is said.
    pub fn start() -> Option<Self> {
        let mut driver = Command::new("chromedriver");
        driver
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut driver = match driver.spawn() {
            Ok(driver) => driver,
            Err(error) => {
                assert!(
                    env::var_os("CI").is_none(),
                    "CI needs Debian's chromium and chromium-driver: {error}"
                );
                eprintln!("skipped: there is no chromedriver (Debian: chromium-driver)");
                return None;
            }
        };
        let mut lines = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
        let port = lines.find_map(|line| {
            let line = line.expect("a line");
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let port = port.expect("the driver tells its port");
        let runtime = tokio::runtime::Builder::new_current_thread();
        let mut browser = Self {
            driver,
            client: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client"),
            runtime: { runtime }.enable_all().build().expect("a runtime"),
            session: format!("http://127.0.0.1:{port}/session"),
        };
        let options = json!({
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--window-size=1400,900", "--disable-background-networking"],
        });
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let made = browser.post("", json!({ "capabilities": { "alwaysMatch": wanted } }));
        let id = made["sessionId"].as_str().expect("a session").to_owned();
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    fn send(&self, request: reqwest::RequestBuilder) -> Value {
        let answer = self.runtime.block_on(async {
            let answer = request.send().await.expect("the driver answers");
            answer.text().await.expect("a text")
        });
        let mut answer: Value = serde_json::from_str(&answer).expect("JSON");
        let value = answer["value"].take();
        assert!(value.get("error").is_none(), "{value}");
        value
    }

    fn post(&self, path: &str, body: Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.session));
        let request = request.header("content-type", "application/json");
        self.send(request.body(body.to_string()))
    }

    /// Opens a file.
    pub fn open(&self, file: &Path) {
        self.post(
            "/url",
            json!({ "url": format!("file://{}", file.display()) }),
        );
    }

    /// What an expression of JavaScript is on the page.
    pub fn tells(&self, expression: &str) -> Value {
        let script = format!("return {expression};");
        self.post("/execute/sync", json!({ "script": script, "args": [] }))
    }

    /// The same where it is a yes or no.
    pub fn is_so(&self, expression: &str) -> bool {
        self.tells(expression).as_bool().expect("a yes or no")
    }

    /// Points at the first element of a selector.
    pub fn point_at(&self, selector: &str) {
        let find = json!({ "using": "css selector", "value": selector });
        let element = self.post("/element", find);
        let origin = json!({ ELEMENT: element[ELEMENT] });
        let moved =
            json!({ "type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": origin });
        let mouse = json!({ "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": [moved] });
        self.post("/actions", json!({ "actions": [mouse] }));
    }

    /// Presses and releases a key.
    pub fn press(&self, key: &str) {
        let actions = ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key }));
        let keys = json!({ "type": "key", "id": "keys", "actions": actions });
        self.post("/actions", json!({ "actions": [keys] }));
    }

    /// What the page said to the console, violations of its policy among it.
    pub fn console(&self) -> Vec<Value> {
        let log = self.post("/se/log", json!({ "type": "browser" }));
        log.as_array().expect("a list").clone()
    }

    /// A command of the browser's own protocol.
    pub fn own(&self, command: &str, parameters: Value) {
        let body = json!({ "cmd": command, "params": parameters });
        self.post("/goog/cdp/execute", body);
    }

    /// Keeps a picture where `HANDOUT_PICTURES` says, for a person to look at.
    pub fn keep_picture(&self, name: &str) {
        let taken = self.send(self.client.get(format!("{}/screenshot", self.session)));
        let picture = STANDARD
            .decode(taken.as_str().expect("base64"))
            .expect("base64");
        assert!(picture.starts_with(b"\x89PNG"));
        if let Some(folder) = env::var_os("HANDOUT_PICTURES") {
            std::fs::write(Path::new(&folder).join(name), picture).expect("written");
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let request = self.client.delete(&self.session);
        // The driver ends the browser; a test that failed may have left neither.
        let _ = self.runtime.block_on(request.send());
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
