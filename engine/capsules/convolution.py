"""A convolution as products of windows and kernels, for the large kernels of CapsNet."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_AT_ONCE = 25  # pictures: their windows fit into the cache, and are enough rows for a product to be fast


class WindowConv2d(nn.Conv2d):
    """A `torch.nn.Conv2d` without padding, dilation and groups that on the CPU multiplies windows with kernels.

    A window of 9 x 9 pixels of 256 channels is 20,736 numbers, and there are only 36 windows in a picture: products of
    matrices are as fast as the direct convolution, and by a third faster for the gradient of the kernels. Windows are
    made for `_AT_ONCE` pictures, and again for the gradient: those of a whole batch fill hundreds of megabytes. Of one
    channel torch's layer makes channels that do not come last, and the next layer would have to move them.
    """

    def forward(self, pictures: Tensor) -> Tensor:
        """[n, in_channels, H, W] to [n, out_channels, h, w], channels last."""
        if pictures.device.type != "cpu":
            return super().forward(pictures)
        weight = self.weight
        if torch.is_autocast_enabled("cpu"):
            number_format = torch.get_autocast_dtype("cpu")
            pictures, weight = pictures.to(number_format), weight.to(number_format)
        made: Tensor = _WindowProduct.apply(pictures, weight, self.stride)  # type: ignore[no-untyped-call]
        return made if self.bias is None else made + self.bias.to(made.dtype).view(-1, 1, 1)


class _WindowProduct(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pictures: Tensor, weight: Tensor, stride: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(pictures, weight)
        ctx.stride = stride
        kernels = weight.permute(2, 3, 1, 0).reshape(-1, len(weight))
        size = weight.shape[2:]
        made = [windows(part, size, stride).flatten(3) @ kernels for part in torch.split(pictures, _AT_ONCE)]
        return torch.cat(made).permute(0, 3, 1, 2)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        pictures, weight = ctx.saved_tensors
        of_pictures, of_weight = None, None
        if ctx.needs_input_grad[0]:
            of_pictures = torch.ops.aten.convolution_backward(
                gradient, pictures, weight, None, ctx.stride, (0, 0), (1, 1), False, (0, 0), 1, (True, False, False)
            )[0]
        if ctx.needs_input_grad[1]:
            of_weight = _of_weight(pictures, weight, gradient, ctx.stride)
        return of_pictures, of_weight, None


def _of_weight(pictures: Tensor, weight: Tensor, gradient: Tensor, stride: tuple[int, int]) -> Tensor:
    rows = gradient.permute(0, 2, 3, 1)
    # Parts are summed in float32, whatever the products' format.
    total = torch.zeros(len(weight), weight[0].numel())
    for part, row in zip(torch.split(pictures, _AT_ONCE), torch.split(rows, _AT_ONCE), strict=True):
        total += row.flatten(0, 2).t() @ windows(part, weight.shape[2:], stride).flatten(0, 2).flatten(1)
    height, width = weight.shape[2:]
    return total.view(len(weight), height, width, -1).permute(0, 3, 1, 2).to(weight.dtype)


def windows(pictures: Tensor, size: tuple[int, int] | torch.Size, stride: tuple[int, int]) -> Tensor:
    """What each position of a kernel sees: [n, c, H, W] to [n, h, w, size[0], size[1], c]; a view."""
    seen = pictures.permute(0, 2, 3, 1).unfold(1, size[0], stride[0]).unfold(2, size[1], stride[1])
    return seen.permute(0, 1, 2, 4, 5, 3)
