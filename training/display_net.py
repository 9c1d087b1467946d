"""Train the network that finds what is laid over a picture: ``python -m training.display_net --pictures FOLDER...``.

It sees genuine pictures only, with displays drawn over them by ``training.drawing``; it has never seen a game.
Pictures that it was trained with, time and measured error: ``models/display-v2/README.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional as f
from torch.utils.data import DataLoader, IterableDataset

from training.drawing.compose import KINDS, compose
from training.drawing.scene import list_pictures, load
from training.drawing.sketch import CLASSES

STRIDE = 4
BUCKETS = (((16, 9), 0.42), ((4, 3), 0.26), ((5, 4), 0.08), ((3, 2), 0.12), ((1, 1), 0.06), ((9, 16), 0.06))


def conv(inside: int, outside: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, dilation, dilation, bias=False), nn.BatchNorm2d(outside), nn.ReLU(True)
    )


class Block(nn.Module):
    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.one = conv(width, width, 1, dilation)
        self.two = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return f.relu(x + self.two(self.one(x)))


class Net(nn.Module):
    """A small U-Net: labels at a quarter of the size, and what kind of display it is."""

    def __init__(self, widths: tuple[int, ...] = (16, 28, 48, 72, 96)) -> None:
        super().__init__()
        a, b, c, d, e = widths
        self.stem = nn.Sequential(conv(3, a, 2), conv(a, b, 2))
        self.s4 = Block(b)
        self.s8 = nn.Sequential(conv(b, c, 2), Block(c))
        self.s16 = nn.Sequential(conv(c, d, 2), Block(d), Block(d))
        self.s32 = nn.Sequential(conv(d + 2, e, 2), Block(e), Block(e, 2), Block(e, 4))
        self.up16 = conv(d + e, d)
        self.up8 = conv(c + d, c)
        self.up4 = conv(b + c, 32)
        self.labels = nn.Conv2d(32, len(CLASSES), 1)
        # Whose display it is, is a question of what stands where: asked of the labels too, not only of the picture.
        self.layout = conv(2 * len(CLASSES) + 2, 48)
        self.kind_a = conv(e + 48, 96)
        self.kind_b = nn.Linear(192, len(KINDS))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = (x - 0.45) / 0.27
        x4 = self.s4(self.stem(x))
        x8 = self.s8(x4)
        x16 = self.s16(x8)
        # Where in the picture: a display keeps to its borders and its centre.
        one = torch.ones_like(x16[:, :1])
        across = torch.cumsum(one, 3) / one.sum(3, keepdim=True) * 2 - 1
        down = torch.cumsum(one, 2) / one.sum(2, keepdim=True) * 2 - 1
        across32, down32 = f.avg_pool2d(across, 2), f.avg_pool2d(down, 2)
        x32 = self.s32(torch.cat([x16, across, down], 1))
        u16 = self.up16(torch.cat([x16, f.interpolate(x32, size=x16.shape[2:])], 1))
        u8 = self.up8(torch.cat([x8, f.interpolate(u16, size=x8.shape[2:])], 1))
        u4 = self.up4(torch.cat([x4, f.interpolate(u8, size=x4.shape[2:])], 1))
        labels = self.labels(u4)
        shares = labels.detach().float().softmax(1)
        seen = torch.cat([f.avg_pool2d(shares, 8), f.max_pool2d(shares, 8), across32, down32], 1)
        k = self.kind_a(torch.cat([x32, self.layout(seen)], 1))
        pooled = torch.cat([k.mean((2, 3)), k.amax((2, 3))], 1)
        return labels, self.kind_b(pooled)


def shrink_labels(labels: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return the labels at this size; where several meet, the finest wins."""
    out = np.zeros((height, width), np.uint8)
    for value in range(1, len(CLASSES)):
        part = (labels == value).view(np.uint8)
        if part.any():
            share = cv2.resize(part * 255, (width, height), interpolation=cv2.INTER_AREA)
            out[share > (128 if value < 5 else 76 if value < 7 else 30)] = value
    return out


class Drawn(IterableDataset):  # type: ignore[type-arg]
    """Batches drawn as they are needed."""

    def __init__(self, paths: list[Path], side: int, batch: int, count: int, seed: int) -> None:
        self.paths, self.side, self.batch, self.count, self.seed = paths, side, batch, count, seed

    def __iter__(self) -> Any:
        cv2.setNumThreads(1)
        if torch.utils.data.get_worker_info() is not None:
            os.setsid()  # so that the scheduler counts drawing and training as two jobs
        for number in range(self.count):
            rng = np.random.default_rng([self.seed, number])
            shape = BUCKETS[int(rng.choice(len(BUCKETS), p=[share for _, share in BUCKETS]))][0]
            a, b = shape
            w = self.side if a >= b else round(self.side * a / b / 32) * 32
            h = self.side if b > a else round(self.side * b / a / 32) * 32
            xs, ys, ks = [], [], []
            for _ in range(self.batch):
                example = compose(
                    rng, lambda rng=rng: load(self.paths[int(rng.integers(len(self.paths)))]), shape=shape
                )
                image = cv2.resize(example.pixels, (w, h), interpolation=cv2.INTER_AREA)
                xs.append(image.transpose(2, 0, 1))
                ys.append(shrink_labels(example.labels, w // STRIDE, h // STRIDE))
                ks.append(KINDS.index(example.kind))
            yield np.stack(xs), np.stack(ys), np.asarray(ks)


def rate_at(gone: float) -> float:
    """Return the learning rate, as a part of the highest, when this part of the steps or of the time is gone."""
    return max(0.002, gone / 0.08 if gone < 0.08 else 0.5 + 0.5 * float(np.cos(np.pi * min(1.0, (gone - 0.08) / 0.92))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", nargs="+", required=True, help="folders of genuine pictures")
    parser.add_argument("--to", default="models/display-v2")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--start", help="a checkpoint to go on from")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    paths = list_pictures(arguments.pictures)
    if len(paths) < 20:
        raise SystemExit("too few pictures found; name folders of genuine pictures with --pictures")
    order = np.random.default_rng(arguments.seed).permutation(len(paths))
    held = [paths[int(index)] for index in order[: len(paths) // 20]]
    paths = [paths[int(index)] for index in order[len(paths) // 20 :]]
    folder = Path(arguments.to)
    folder.mkdir(parents=True, exist_ok=True)
    net = Net().to(memory_format=torch.channels_last)
    if arguments.start:
        net.load_state_dict(torch.load(arguments.start))
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-3)
    weights = torch.tensor([0.6, 1.0, 1.5, 1.5, 1.5, 1.5, 1.0, 1.5])
    data = DataLoader(
        Drawn(paths, arguments.side, arguments.batch, arguments.steps, arguments.seed),
        batch_size=None, num_workers=1, prefetch_factor=4,
    )  # fmt: skip
    begin, log = time.monotonic(), []
    done = 0
    for step, (x, y, k) in enumerate(data):
        net.train()
        gone = max(step / arguments.steps, (time.monotonic() - begin) / (arguments.minutes * 60))
        for group in optimiser.param_groups:
            group["lr"] = arguments.rate * rate_at(gone)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            labels, kind = net(x.float().div(255).contiguous(memory_format=torch.channels_last))
        seg = f.cross_entropy(labels.float(), y.long(), weights)
        cls = f.cross_entropy(kind.float(), k.long(), label_smoothing=0.05)
        loss = seg + 0.5 * cls
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        log.append((float(seg.detach()), float(cls.detach()), float((kind.argmax(1) == k).float().mean())))
        done = step + 1
        if done % 50 == 0:
            recent = np.mean(log[-50:], axis=0)
            spent = time.monotonic() - begin
            print(f"{done} labels {recent[0]:.3f} kind {recent[1]:.3f} right {recent[2]:.2f} {spent:.0f} s", flush=True)
            torch.save(net.state_dict(), folder / "last.pt")
        if time.monotonic() - begin > arguments.minutes * 60:
            break
    export(net, folder)
    minutes = round((time.monotonic() - begin) / 60, 1)
    error = check(net, Drawn(held, arguments.side, arguments.batch, 50, arguments.seed + 1))
    said = {"pictures": len(paths), "steps": done, "batch": arguments.batch, "minutes": minutes, **error}
    (folder / "training.json").write_text(json.dumps(said, indent=1) + "\n", "utf-8")
    print(json.dumps(said))


def check(net: Net, data: Drawn) -> dict[str, float]:
    """Return how well displays are found that are drawn over photographs which were not trained with.

    Returns:
        ``overlap``: of what was laid over and what is found (intersection over union); ``kind``: share of displays
        whose kind is right; ``game_auroc``: of games' displays against genuine ones.
    """
    net.eval()
    both, either, right, games, scores = 0, 0, [], [], []
    with torch.no_grad():
        for x, y, k in data:
            labels, kind = net(torch.from_numpy(x).float().div(255))
            found, laid = labels.softmax(1)[:, 0].numpy() < 0.5, y > 0
            both, either = both + int((found & laid).sum()), either + int((found | laid).sum())
            chance = kind.softmax(1).numpy()
            right += list(chance.argmax(1) == k)
            for p, index in zip(chance, k, strict=True):
                if KINDS[index] != "none":
                    games.append(KINDS[index] in ("game", "menu"))
                    scores.append(float((p[1] + p[2]) / (1 - p[0] + 1e-6)))
    order = np.argsort(np.argsort(scores)) + 1
    truth = np.asarray(games)
    positives = int(truth.sum())
    area = (order[truth].sum() - positives * (positives + 1) / 2) / max(1, positives * (len(truth) - positives))
    return {
        "overlap": round(both / max(1, either), 4), "kind": round(float(np.mean(right)), 4),
        "game_auroc": round(float(area), 4),
    }  # fmt: skip


def export(net: Net, folder: Path) -> None:
    """Write the network as ONNX, with free height and width."""
    net.eval()

    class Softened(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            labels, kind = self.net(x)
            return labels.softmax(1), kind.softmax(1)

    torch.onnx.export(
        Softened(), (torch.zeros(1, 3, 288, 512),), str(folder / "display.onnx"), dynamo=False, opset_version=17,
        input_names=["pixels"], output_names=["labels", "kind"],
        dynamic_axes={"pixels": {2: "height", 3: "width"}, "labels": {2: "rows", 3: "columns"}},
    )  # fmt: skip


if __name__ == "__main__":
    main()
