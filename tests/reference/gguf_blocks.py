"""Writes one vector of each quantised type of ggml, of random blocks, and what the gguf package makes of them.

usage: python gguf_blocks.py [DIR]        (DIR is that of this script unless given)
needs: gguf, numpy, safetensors

For src/model/gguf/weights.rs: `gguf_blocks.gguf`, and `gguf_blocks.safetensors` with the dequantised values by the same names.
"""

import sys
from pathlib import Path

sys.path = [path for path in sys.path if Path(path).resolve() != Path(__file__).parent.resolve()]
import gguf
import numpy
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import save_file

BLOCKS = 3
# Where the half-precision scales and minima stand in a block: random bytes there would be infinite now and then.
SCALES = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0], Type.Q2_K: [80, 82],
    Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
}


def main(folder: Path) -> None:
    random = numpy.random.default_rng(1)
    writer = gguf.GGUFWriter(folder / "gguf_blocks.gguf", "llama")
    values = {}
    for kind, places in SCALES.items():
        _, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (BLOCKS, size), dtype=numpy.uint8)
        for place in places:
            scales = random.normal(0, 0.05, (BLOCKS, 1)).astype(numpy.float16)
            blocks[:, place : place + 2] = scales.view(numpy.uint8)
        raw = blocks.reshape(-1)
        name = kind.name.lower()
        writer.add_tensor(name, raw, raw_dtype=kind)
        values[name] = gguf.dequantize(raw, kind).astype(numpy.float32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(values, folder / "gguf_blocks.safetensors")


main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
