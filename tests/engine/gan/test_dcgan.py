"""The convolutional networks against plainly written ones, and their sizes against counts by hand."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.errors import TrainingError
from engine.gan.dcgan import DCGANCritic, DCGANGenerator, DoublingConv2d


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def generator(side: int, channels: int = 1, resize: bool = False) -> DCGANGenerator:
    return DCGANGenerator((channels, side, side), 6, 4, "relu", "batch", resize)


def critic(side: int, channels: int = 1, outputs: int = 1) -> DCGANCritic:
    return DCGANCritic((channels, side, side), outputs, 4, "leaky_relu", "batch", 0.0)


@pytest.mark.parametrize("size", [(3, 5), (1, 1), (8, 7)])
def test_doubling_convolution_is_upsampling_and_convolution(size: tuple[int, int]) -> None:
    layer = DoublingConv2d(3, 5, bias=True)
    features = random(2, 3, *size).requires_grad_()
    expected = F.conv2d(F.interpolate(features, scale_factor=2), layer.weight, layer.bias, padding=1)
    torch.testing.assert_close(layer(features), expected, atol=1e-5, rtol=1e-5)
    assert layer.bias is not None
    wanted = (features, layer.weight, layer.bias)
    ours = torch.autograd.grad(layer(features).square().sum(), wanted)
    theirs = torch.autograd.grad(expected.square().sum(), wanted)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("resize", [False, True])
@pytest.mark.parametrize("side", [28, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes(side: int, channels: int, resize: bool) -> None:
    pictures = generator(side, channels, resize=resize)(random(3, 6))
    assert pictures.shape == (3, channels, side, side) and pictures.dtype == torch.float32
    assert pictures.abs().max() <= 1
    assert critic(side, channels)(pictures).shape == (3, 1)
    assert critic(side, channels, outputs=7)(pictures).shape == (3, 7)


@pytest.mark.parametrize(("side", "features"), [(28, 8 * 49), (32, 16 * 16), (64, 32 * 16)])
def test_no_outputs_gives_the_last_feature_map(side: int, features: int) -> None:
    assert critic(side, outputs=0)(random(2, 1, side, side)).shape == (2, features)


def test_generator_of_the_paper_has_the_channels_of_figure_1() -> None:
    with torch.device("meta"):
        network = DCGANGenerator((3, 64, 64), 100, 128, "relu", "batch", resize=False)
    kernels = [module for module in network.modules() if isinstance(module, nn.ConvTranspose2d)]
    assert [layer.in_channels for layer in kernels] == [1024, 512, 256, 128]
    norms = 2 * (1024 + 512 + 256 + 128)
    products = 1024 * 512 + 512 * 256 + 256 * 128 + 128 * 3
    assert count(network) == 100 * 1024 * 16 + 16 * products + norms + 3


def test_small_networks_have_about_a_million_and_a_tenth_of_a_million_weights() -> None:
    network = DCGANGenerator((1, 32, 32), 100, 64, "relu", "batch", resize=True)
    by_hand = 100 * 128 * 64 + 9 * (128 * 128 + 128 * 64 + 64) + 2 * (128 + 128 + 64) + 1
    assert count(network) == by_hand == 1_041_601
    judge = DCGANCritic((1, 32, 32), 1, 24, "leaky_relu", "batch", 0.0)
    assert count(judge) == 16 * (24 + 24 * 48 + 48 * 96) + 24 + 2 * (48 + 96) + 96 * 16 + 1 == 94_393


def test_generator_is_the_plainly_written_one() -> None:
    network = generator(32, channels=3)
    latents = random(5, 6)
    stages = dict(network.layers.named_children())
    features = (latents @ network.project.weight.t()).view(5, 4, 4, 16).permute(0, 3, 1, 2).contiguous()
    for index in range(4):
        if index:
            layer = stages["output" if index == 3 else f"layer{index}"]
            assert isinstance(layer, nn.ConvTranspose2d)
            features = F.conv_transpose2d(features, layer.weight.contiguous(), layer.bias, stride=2, padding=1)
        if index < 3:
            norm = stages[f"norm{index}"]
            assert isinstance(norm, nn.BatchNorm2d)
            features = F.relu(F.batch_norm(features, None, None, norm.weight, norm.bias, training=True))
    torch.testing.assert_close(network(latents), torch.tanh(features))


@pytest.mark.parametrize("channels", [1, 3])
def test_critic_is_the_plainly_written_one(channels: int) -> None:
    network = critic(28, channels)
    pictures = random(5, channels, 28, 28)
    stages = dict(network.layers.named_children())
    first, second, norm = stages["layer1"], stages["layer2"], stages["norm2"]
    assert isinstance(first, nn.Conv2d) and isinstance(second, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
    features = F.leaky_relu(F.conv2d(pictures, first.weight, first.bias, 2, 1), 0.2)
    features = F.conv2d(features, second.weight, None, 2, 1)
    features = F.leaky_relu(F.batch_norm(features, None, None, norm.weight, norm.bias, training=True), 0.2)
    assert isinstance(network.output, nn.Linear)
    by_hand = features.permute(0, 2, 3, 1).reshape(5, -1) @ network.output.weight.t() + network.output.bias
    torch.testing.assert_close(network(pictures), by_hand)


@pytest.mark.parametrize("resize", [False, True])
def test_bfloat16_changes_little_and_results_are_float32(resize: bool) -> None:
    made, judge = generator(32, resize=resize), critic(32)
    exact = made(random(8, 6))
    scores = judge(exact)
    with torch.autocast("cpu", torch.bfloat16):
        rounded, judged = made(random(8, 6)), judge(exact)
    assert rounded.dtype == judged.dtype == torch.float32
    torch.testing.assert_close(rounded, exact, atol=0.02, rtol=0)
    torch.testing.assert_close(judged, scores, atol=0.03, rtol=0.05)


@pytest.mark.parametrize("channels", [1, 3])
def test_features_are_channels_last(channels: int) -> None:
    network = critic(32, channels)
    seen: list[bool] = []
    for module in network.layers:
        module.register_forward_hook(
            lambda _module, _inputs, output: seen.append(output.is_contiguous(memory_format=torch.channels_last))
        )
    network(random(2, channels, 32, 32))
    assert seen and all(seen)


@pytest.mark.parametrize("shape", [(1, 30, 30), (1, 32, 28), (2,)])
def test_other_sizes_are_refused_with_what_to_do(shape: tuple[int, ...]) -> None:
    with pytest.raises(TrainingError, match="choose such a size, or mlp"):
        DCGANCritic(shape, 1, 4, "relu", "batch", 0.0)
    with pytest.raises(TrainingError, match="choose such a size, or mlp"):
        DCGANGenerator(shape, 6, 4, "relu", "batch", resize=True)
