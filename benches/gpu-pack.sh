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
xz -T2 -4 -c "$target/release/logitscope" >"$out/logitscope.xz"
strip -o "$out/gpu-tests" "$tests"
xz -T2 -4 -c "$out/gpu-tests" >"$out/gpu-tests.xz"
rm "$out/gpu-tests"
ls -l "$out"
