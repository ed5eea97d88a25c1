//! Nothing runs on the CPU unseen while a model is on a GPU: operations of our own without a way for GPUs, and places
//! where numbers leave the device, are those that are listed here. Read from the source.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// Operations that candle runs by our code for the CPU alone, and what a GPU does instead. Should one be applied on a GPU
/// all the same, candle refuses it with an error.
const CPU_ALONE: &[(&str, &str)] = &[
    ("AddBias", "kernels::cuda::bias_activation"),
    ("AddRows", "kernels::cuda::add_rows"),
    ("Append", "kernels::cuda::append"),
    (
        "BlockProduct",
        "candle's QMatMul: blocks of our own order are made on the CPU alone",
    ),
    ("DenseProduct", "cuBLAS, through candle's matmul"),
    ("GeluTanh", "kernels::cuda::bias_activation"),
    ("LayerNorm", "kernels::cuda::layer_norm"),
    ("ReadAttention", "model::network::on_card, by kernels::cuda"),
    ("RmsNorm", "kernels::cuda::rms_norm"),
    ("StepAttention", "kernels::cuda::step_attention"),
    ("Sum", "candle's own sum, in kernels::sum"),
    ("SwiGlu", "kernels::cuda::swiglu"),
    ("Update", "kernels::cuda::adam and sgd"),
];

/// Functions that bring numbers of a tensor into main memory, by file, and why.
const LEAVES: &[(&str, &str, &str)] = &[
    (
        "kernels/cuda/optimizer.rs",
        "squares",
        "the gradients' norm, once a step",
    ),
    (
        "model/loading/adapter.rs",
        "merge",
        "an adapter is put into weights in main memory, while loading",
    ),
    (
        "model/network/decoder.rs",
        "read_both",
        "hidden states and logits, once a token",
    ),
    (
        "model/network/decoder.rs",
        "to_rows",
        "logits that were not made with their hidden states",
    ),
    (
        "model/loading/gguf/weights.rs",
        "take",
        "a file's numbers, which are in main memory, while loading",
    ),
    (
        "model/loading/gguf/weights.rs",
        "vector",
        "a file's numbers, which are in main memory, while loading",
    ),
    (
        "model/network/guest/mod.rs",
        "numbers",
        "a guest's hidden states, once a token, and its logits",
    ),
    (
        "model/network/mixture.rs",
        "send",
        "which experts each token is sent to, once a layer of a mixture: those alone are read",
    ),
    (
        "model/network/numbers.rs",
        "look",
        "only to find where numbers end that are none",
    ),
    (
        "training/network/gradients.rs",
        "head",
        "the loss, once a batch",
    ),
    (
        "training/network/gradients.rs",
        "norm",
        "the gradients' norm, in the plain form",
    ),
    (
        "training/ops/card.rs",
        "head_loss",
        "each row's loss, and the factor of the gradient, once a batch",
    ),
    (
        "training/ops/head_loss.rs",
        "head_loss",
        "the kernel of the CPU",
    ),
    (
        "training/ops/head_loss.rs",
        "plain",
        "which tokens were right, in the plain form",
    ),
    (
        "training/ops/numbers.rs",
        "host",
        "weights and running means for a checkpoint, and each row's loss in the plain form",
    ),
    (
        "training/optimizer/muon.rs",
        "orthogonal",
        "the norm of each matrix's update",
    ),
];

/// Methods that do.
const TO_MAIN_MEMORY: [&str; 5] = ["to_vec0", "to_vec1", "to_vec2", "to_vec3", "to_scalar"];

/// What is found in one file.
#[derive(Default)]
struct Reader {
    /// Operations of our own: the type, and whether it has a way for NVIDIA GPUs.
    operations: Vec<(String, bool)>,
    /// Functions in which numbers leave the device.
    leaves: BTreeSet<String>,
    /// The function around the present place.
    function: String,
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let test = |list: &syn::MetaList| list.tokens.to_string() == "test";
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg") && attribute.meta.require_list().is_ok_and(test)
    })
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let of = item
            .trait_
            .as_ref()
            .and_then(|(_, path, _)| path.segments.last());
        let of = of.map(|part| part.ident.to_string()).unwrap_or_default();
        if of.starts_with("CustomOp") || of.starts_with("InplaceOp") {
            let syn::Type::Path(own) = item.self_ty.as_ref() else {
                panic!("an operation that is no named type");
            };
            let name = own.path.segments.last().expect("a name").ident.to_string();
            let has_way = item.items.iter().any(|part| {
                matches!(part, syn::ImplItem::Fn(function) if function.sig.ident == "cuda_fwd")
            });
            self.operations.push((name, has_way));
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            let around = std::mem::replace(&mut self.function, item.sig.ident.to_string());
            visit::visit_item_fn(self, item);
            self.function = around;
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let around = std::mem::replace(&mut self.function, item.sig.ident.to_string());
        visit::visit_impl_item_fn(self, item);
        self.function = around;
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let method = call.method.to_string();
        let to_cpu = method == "to_device"
            && call.args.iter().any(|argument| match argument {
                syn::Expr::Reference(reference) => match reference.expr.as_ref() {
                    syn::Expr::Path(path) => {
                        path.path.segments.iter().any(|part| part.ident == "Cpu")
                    }
                    _ => false,
                },
                _ => false,
            });
        if to_cpu || TO_MAIN_MEMORY.contains(&method.as_str()) {
            self.leaves.insert(self.function.clone());
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// All files of Rust in a folder, but for those of tests.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the source") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && name != "tests" {
            files(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
}

/// What stands in each file of the source, by its path in there.
fn source() -> Vec<(String, Reader)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&root, &mut all);
    all.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("readable");
        let file = syn::parse_file(&text).expect("Rust");
        let mut reader = Reader::default();
        reader.visit_file(&file);
        let name = path.strip_prefix(&root).expect("in the source");
        (name.to_string_lossy().replace('\\', "/"), reader)
    };
    all.iter().map(read).collect()
}

#[test]
fn operations_without_a_way_for_gpus_are_listed_with_what_is_done_instead() {
    let found: BTreeSet<String> = source()
        .into_iter()
        .flat_map(|(_, reader)| reader.operations)
        .filter(|(_, has_way)| !has_way)
        .map(|(name, _)| name)
        .collect();
    let listed: BTreeSet<String> = CPU_ALONE
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let new: Vec<_> = found.difference(&listed).collect();
    assert!(
        new.is_empty(),
        "without `cuda_fwd`, and not listed: {new:?}"
    );
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(
        gone.is_empty(),
        "listed, but not there or no longer without a way: {gone:?}"
    );
    assert!(CPU_ALONE.iter().all(|(_, instead)| !instead.is_empty()));
}

#[test]
fn numbers_leave_the_device_only_where_it_is_known() {
    let mut found = BTreeSet::new();
    for (file, reader) in source() {
        found.extend(
            reader
                .leaves
                .into_iter()
                .map(|function| (file.clone(), function)),
        );
    }
    let listed: BTreeSet<(String, String)> = LEAVES
        .iter()
        .map(|(file, function, _)| ((*file).to_owned(), (*function).to_owned()))
        .collect();
    let new: Vec<_> = found.difference(&listed).collect();
    assert!(
        new.is_empty(),
        "numbers leave the device, which is not listed: {new:#?}"
    );
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(
        gone.is_empty(),
        "listed, but they do not leave it there: {gone:?}"
    );
    assert!(LEAVES.iter().all(|(_, _, why)| !why.is_empty()));
}
