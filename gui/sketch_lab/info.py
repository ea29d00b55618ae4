"""What am I looking at? The Sketch lab in words."""

from __future__ import annotations

INFO_HTML = """
<h2>Sketch-RNN finishes your drawing</h2>
<p>A drawing is a list of pen movements: an offset (Δx, Δy) from the last point, and whether the pen goes on, lifts or
has ended. The network reads your strokes one offset at a time and, after each, says how the next offset is distributed.
Drawing from that distribution again and again finishes the drawing, every time differently.</p>
<h3>The equation</h3>
<p>After point i the decoder, an LSTM, gives a mixture of M = 20 two-dimensional Gaussians and three pen
probabilities:</p>
<p style="margin-left:12px"><i>p</i>(Δx, Δy) = Σ<sub>j</sub> Π<sub>j</sub>
𝒩(Δx, Δy | μ<sub>x,j</sub>, μ<sub>y,j</sub>, σ<sub>x,j</sub>, σ<sub>y,j</sub>, ρ<sub>xy,j</sub>)</p>
<p>The temperature τ sharpens or loosens it when drawing:</p>
<p style="margin-left:12px">Π̂<sub>k</sub> → Π̂<sub>k</sub> / τ, &nbsp; q̂<sub>k</sub> → q̂<sub>k</sub> / τ, &nbsp;
σ<sup>2</sup> → σ<sup>2</sup> τ</p>
<p>With τ near 0 you see the one line the network believes in; with τ = 1 you see what it learned, in all its
variety.</p>
<h3>What to try</h3>
<ul>
<li>Draw one circle and look at what each class makes of it.</li>
<li>Draw a pig and ask for a truck.</li>
<li>Keep an ending with a number key, rub out a part, and let it grow again.</li>
<li>Turn on “Likeliest first”: are the likeliest endings the best ones?</li>
</ul>
<h3>How your drawing is read</h3>
<p>The network has only seen whole drawings that fill a box of 255 units, simplified to their corners
(Ramer-Douglas-Peucker, ε = 2). Your strokes are simplified in the same way, and as nobody knows how large the finished
drawing is meant to be, several sizes are tried and the one under which your strokes are most likely is taken: “Read as”
tells which share of the finished drawing you have begun with.</p>
<h3>Source</h3>
<p>D. Ha and D. Eck, <i>A Neural Representation of Sketch Drawings</i>, 2018, arXiv:1704.03477: the mixture is eq. 3 to
6, the temperature eq. 8, the loss eq. 9 to 11. Drawings: Quick, Draw! (Google, CC BY 4.0) and KanjiVG (CC BY-SA
3.0).</p>
"""
