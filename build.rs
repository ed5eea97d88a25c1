//! With the feature `cuda`, the kernels in `src/kernels/cuda` are compiled to PTX by the toolkit's own compiler; the
//! driver makes machine code of that when the program starts on a card.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "cuda")]
    cuda();
}

#[cfg(feature = "cuda")]
fn cuda() {
    let out = std::env::var("OUT_DIR").expect("cargo names a folder for what is built");
    let built = cudaforge::KernelBuilder::new()
        .source_dir("src/kernels/cuda")
        .watch(["src/kernels/cuda/common.cuh"])
        .arg("-std=c++17")
        .arg("-O3")
        .build_ptx()
        .expect("nvcc compiles the kernels (docs/gpu.md says what is needed)");
    built
        .write(format!("{out}/ptx.rs"))
        .expect("the folder for what is built can be written to");
}
