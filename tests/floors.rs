//! The house: imports point down only, and files that import each other in a circle are few. Read from the source, as a
//! newcomer would.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{ItemUse, UseTree, Visibility};

/// The rooms of the crate from the lowest floor up. A room imports from itself and from the floors below its own.
const FLOORS: &[&[&str]] = &[
    &["kernels", "text"],
    &["model", "sampling"],
    &["decoding"],
    &["training"],
    &["config"],
    &["engine"],
    &["bench", "chart", "lessons"],
    &["handout"],
    &["tui"],
    &["cli"],
];

/// The rooms of the playground, likewise.
const FLOORS_OF_TUI: &[&[&str]] = &[
    &["vocabulary"],
    &["state"],
    &["update"],
    &["view"],
    &["app"],
];

/// Most files that may import each other in a circle.
const MOST_IN_CIRCLE: usize = 3;

/// A module's path from the crate's root: `["model", "gguf"]`.
type ModulePath = Vec<String>;

/// What stands in the source.
struct House {
    modules: BTreeMap<ModulePath, Module>,
}

/// One file.
#[derive(Default)]
struct Module {
    /// All paths that are written in it, as they are written, with the module inside of the file that they stand in.
    paths: Vec<(usize, Vec<String>)>,
    /// What a name that is taken from this module really is, where it only passes it on.
    passed_on: BTreeMap<String, (usize, Vec<String>)>,
    /// Modules whose every name it passes on.
    all_of: Vec<(usize, Vec<String>)>,
}

/// Collects the paths of one file.
struct Reader {
    module: Module,
    /// Modules inside of the file around the present place; their names count as steps of `super`.
    depth: usize,
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.depth += 1;
        visit::visit_item_mod(self, item);
        self.depth -= 1;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let passes_on = !matches!(item.vis, Visibility::Inherited);
        self.tree(&item.tree, &mut Vec::new(), passes_on);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|part| part.ident.to_string());
        self.module.paths.push((self.depth, names.collect()));
        visit::visit_path(self, path);
    }
}

impl Reader {
    fn tree(&mut self, tree: &UseTree, before: &mut Vec<String>, passes_on: bool) {
        let (name, alias) = match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before, passes_on);
                before.pop();
                return;
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, before, passes_on);
                }
                return;
            }
            UseTree::Glob(_) => {
                let path = (self.depth, before.clone());
                self.module.paths.push(path.clone());
                self.module.all_of.extend(passes_on.then_some(path));
                return;
            }
            UseTree::Name(name) => (name.ident.to_string(), name.ident.to_string()),
            UseTree::Rename(rename) => (rename.ident.to_string(), rename.rename.to_string()),
        };
        let mut path = before.clone();
        if name != "self" {
            path.push(name);
        }
        self.module.paths.push((self.depth, path.clone()));
        if passes_on && self.depth == 0 {
            self.module.passed_on.insert(alias, (self.depth, path));
        }
    }
}

impl House {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        list(&root, &mut files);
        let modules = files.iter().filter_map(|file| {
            let inside = file.strip_prefix(&root).expect("a file below src");
            let mut path: ModulePath = inside
                .with_extension("")
                .iter()
                .map(|part| part.to_string_lossy().into_owned())
                .collect();
            match path.last().map(String::as_str) {
                Some("mod" | "lib") => path.truncate(path.len() - 1),
                Some("main") => return None,
                _ => {}
            }
            let source = fs::read_to_string(file).expect("a source file can be read");
            let mut reader = Reader {
                module: Module::default(),
                depth: 0,
            };
            reader.visit_file(&syn::parse_file(&source).expect("a source file is Rust"));
            Some((path, reader.module))
        });
        Self {
            modules: modules.collect(),
        }
    }

    /// The file that defines what a path means which is written in `module`, if it is one of ours.
    fn target(&self, module: &ModulePath, depth: usize, path: &[String]) -> Option<ModulePath> {
        self.follow(self.absolute(module, depth, path)?, 0)
    }

    /// The path from the crate's root.
    fn absolute(&self, module: &ModulePath, depth: usize, path: &[String]) -> Option<ModulePath> {
        let mut at = module.clone();
        let mut inside = depth;
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                at.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    if inside > 0 {
                        inside -= 1;
                    } else {
                        at.pop()?;
                    }
                    rest = &rest[1..];
                }
            }
            name => {
                // A module below this one; anything else is a name of this file or another crate's.
                let mut below = module.clone();
                below.push(name.to_owned());
                self.modules.get(&below)?;
            }
        }
        at.extend_from_slice(rest);
        Some(at)
    }

    fn follow(&self, path: ModulePath, steps: usize) -> Option<ModulePath> {
        /// More than any name is passed on.
        const MOST_STEPS: usize = 10;
        let deepest = (0..=path.len())
            .rev()
            .find(|end| self.modules.contains_key(&path[..*end]))?;
        let (module, rest) = (path[..deepest].to_vec(), &path[deepest..]);
        let Some(name) = rest.first().filter(|_| steps < MOST_STEPS) else {
            return Some(module);
        };
        let found = &self.modules[&module];
        let passed = found.passed_on.get(name).and_then(|(depth, path)| {
            let mut path = self.absolute(&module, *depth, path)?;
            path.extend_from_slice(&rest[1..]);
            (path[..] != module[..]).then_some(path)
        });
        match passed {
            Some(path) => self.follow(path, steps + 1),
            None => Some(module),
        }
    }

    /// What each file imports.
    fn imports(&self) -> BTreeMap<ModulePath, BTreeSet<ModulePath>> {
        let of = |(module, read): (&ModulePath, &Module)| {
            let targets = read
                .paths
                .iter()
                .filter_map(|(depth, path)| self.target(module, *depth, path))
                // A module and its parts are one thing: each may name the other.
                .filter(|target| !target.starts_with(module) && !module.starts_with(target));
            (module.clone(), targets.collect())
        };
        self.modules.iter().map(of).collect()
    }
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            list(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The imports between the rooms of a folder that do not point down.
fn upward(house: &House, folder: &[&str], floors: &[&[&str]]) -> Vec<String> {
    let floor = |room: &str| floors.iter().position(|rooms| rooms.contains(&room));
    let room_of = |module: &ModulePath| {
        let inside = module.iter().zip(folder).all(|(part, of)| part == of);
        inside.then(|| module.get(folder.len()).cloned()).flatten()
    };
    let mut up = Vec::new();
    for (module, targets) in house.imports() {
        let Some(room) = room_of(&module) else {
            continue;
        };
        let own = floor(&room).unwrap_or_else(|| panic!("{room} has no place on a floor yet"));
        for target in targets {
            let Some(other) = room_of(&target) else {
                continue;
            };
            if other != room && floor(&other).is_none_or(|floor| floor >= own) {
                up.push(format!("{} -> {}", module.join("::"), target.join("::")));
            }
        }
    }
    up
}

#[test]
fn imports_point_down() {
    let house = House::read();
    let mut up = upward(&house, &[], FLOORS);
    up.extend(upward(&house, &["tui"], FLOORS_OF_TUI));
    assert!(
        up.is_empty(),
        "imports that do not point down:\n{}",
        up.join("\n")
    );
}

#[test]
fn the_network_knows_nothing_of_files() {
    let inside = |module: &ModulePath, room: &str| {
        module
            .iter()
            .map(String::as_str)
            .take(2)
            .eq(["model", room])
    };
    let mut up = Vec::new();
    for (module, targets) in House::read().imports() {
        if inside(&module, "loading") {
            continue;
        }
        let own = inside(&module, "network");
        let above =
            |target: &&ModulePath| inside(target, "loading") || !own && inside(target, "network");
        // Rooms above see both through `model` alone, whose names are followed to where they stand.
        if module.first().is_some_and(|room| room == "model") && module.len() > 1 {
            up.extend(
                targets
                    .iter()
                    .filter(above)
                    .map(|target| format!("{} -> {}", module.join("::"), target.join("::"))),
            );
        }
    }
    assert!(up.is_empty(), "imports that point up:\n{}", up.join("\n"));
}

#[test]
fn circles_are_small() {
    let imports = House::read().imports();
    let reached: BTreeMap<_, _> = imports
        .keys()
        .map(|from| (from, reach(&imports, from)))
        .collect();
    let mut seen = BTreeSet::new();
    for from in imports.keys() {
        let circle: Vec<_> = reached[from]
            .iter()
            .filter(|other| reached[other].contains(from))
            .collect();
        if circle.len() > MOST_IN_CIRCLE && seen.insert(circle.clone()) {
            let names: Vec<_> = circle.iter().map(|module| module.join("::")).collect();
            panic!(
                "{} files import each other in a circle: {}",
                names.len(),
                names.join(", ")
            );
        }
    }
}

/// Every file that a file needs, directly or not.
fn reach(
    imports: &BTreeMap<ModulePath, BTreeSet<ModulePath>>,
    from: &ModulePath,
) -> BTreeSet<ModulePath> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<_> = imports[from].iter().cloned().collect();
    while let Some(module) = next.pop() {
        if reached.insert(module.clone()) {
            next.extend(imports[&module].iter().cloned());
        }
    }
    reached
}
