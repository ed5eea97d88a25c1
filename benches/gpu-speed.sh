#!/bin/sh
# Measures the program beside PyTorch on one GPU: speed.json and speed.md in OUT, in 4 minutes at most.
# usage: benches/gpu-speed.sh PACKED OUT     PACKED as benches/gpu-pack.sh makes it; python3 with PyTorch and transformers
set -eu
packed=${1:?usage: gpu-speed.sh PACKED OUT}
out=${2:?usage: gpu-speed.sh PACKED OUT}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
# By Python, since a bare machine may have no xz.
python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2], filter="data")' \
    "$packed/logitscope-gpu.tar.xz" "$bin"
# Nothing of the user's own settings, and nothing left behind.
HOME=$bin XDG_CONFIG_HOME=$bin/config XDG_STATE_HOME=$bin/state XDG_CACHE_HOME=$bin/cache HF_HOME=$bin/hub HF_HUB_OFFLINE=1
export HOME XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME HF_HOME HF_HUB_OFFLINE
cd "$here/.."
timeout -k 5 236 python3 benches/gpu/speed.py "$bin/logitscope" "$out"
