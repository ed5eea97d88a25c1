#!/bin/sh
# Builds the program and the tests for NVIDIA GPUs and packs them for a machine without Rust.
# usage: benches/gpu-pack.sh OUTDIR     (CUDA_HOME, CUDA_COMPUTE_CAP and so on as docs/gpu.md says)
set -eu
out=${1:?usage: gpu-pack.sh OUTDIR}
cd "$(dirname "$0")/.."
mkdir -p "$out"
cargo build --release --features cuda --bin logitscope
tests=$(cargo test --release --features cuda --test gpu --no-run --message-format json |
    sed -n 's/.*"name":"gpu".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
: "${tests:?the tests were not built}"
target=${CARGO_TARGET_DIR:-target}
# Together: most of both is the same code for GPUs, which is written once within so large a window.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$target/release/logitscope" "$work/logitscope"
strip -o "$work/gpu-tests" "$tests"
tar -cf - -C "$work" logitscope gpu-tests | xz --lzma2=preset=4,dict=256MiB >"$out/logitscope-gpu.tar.xz"
ls -l "$out"
