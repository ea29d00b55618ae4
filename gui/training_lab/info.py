"""What am I looking at? The Training lab's answer."""

from __future__ import annotations

INFO_HTML = """
<h3>Two networks, or one and its mirror</h3>
<p>A <b>GAN</b> turns noise <i>z</i> into samples <i>G(z)</i>. A second network, the critic <i>D</i>, sees data and
samples
and learns to tell them apart; the generator learns to make that hard:</p>
<p align="center"><i>min<sub>G</sub> max<sub>D</sub> E[log D(x)] + E[log(1 − D(G(z)))]</i></p>
<p>The other objectives change what the two play for. <b>WGAN</b> measures how far the samples have to be moved,
with a critic whose slope is bounded: by clipping its weights, by a penalty
<i>λ (‖∇D‖ − 1)²</i> (<b>WGAN-GP</b>), or by dividing each layer by its largest singular value (<b>SN-GAN</b>).
<b>OT-GAN</b> matches samples to data by a transport plan <i>M</i> and learns the space in which distances count.
<b>AmbientGAN</b> never sees whole pictures: it measures its own samples as the data was measured.</p>
<p>An <b>auto-encoder</b> squeezes each example into a code <i>z</i> and draws it again. A <b>VAE</b> keeps each
code a
little cloud near the prior; a <b>WAE</b> asks only that all codes together look like draws from the prior
<i>P<sub>Z</sub></i>:</p>
<p align="center"><i>E[c(x, G(z))] + λ D(Q<sub>Z</sub>, P<sub>Z</sub>)</i></p>
<h3>What to look for</h3>
<p>On the plane: dots are data, diamonds samples; the colours behind them are the critic's opinion,
arrows show
where each sample is pulled, the grid is what the generator makes of a regular net of latents.<br>
With pictures: each place of the sheet keeps its latent, so you see one sample change while it learns.<br>
Pause and take single steps, or single moments of a step; every edit is marked on the curves, and rewinding to a
checkpoint
undoes it.</p>
<p><small>Goodfellow et al. 2014; Arjovsky et al. 2017; Gulrajani et al. 2017; Miyato et al. 2018; Salimans et al.
2018; Bora
et al. 2018; Kingma and Welling 2014; Tolstikhin et al. 2018. The stage follows GAN Lab (Kahng et al.
2018).</small></p>
"""
