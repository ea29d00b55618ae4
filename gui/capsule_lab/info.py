"""What am I looking at? The Capsule lab in words."""

from __future__ import annotations

INFO_HTML = """
<h2>A capsule's direction means something</h2>
<p>A capsule is a group of numbers, a vector. Its length says how present a thing is; its direction says how the
thing is
written: slanted, thick, with a long tail. The network has one capsule of 16 numbers for each digit. Bend one of
them, and
the decoder shows what it means.</p>
<h3>The equations</h3>
<p>Each of 1,152 primary capsules <i>u</i><sub>i</sub> predicts every digit capsule (eq. 2):</p>
<p style="margin-left:12px"><i>û</i><sub>j|i</sub> = <i>W</i><sub>ij</sub> <i>u</i><sub>i</sub>, &nbsp;
<i>s</i><sub>j</sub> = Σ<sub>i</sub> <i>c</i><sub>ij</sub> <i>û</i><sub>j|i</sub></p>
<p>The sum is squashed to a length below 1 (eq. 1):</p>
<p style="margin-left:12px"><i>v</i><sub>j</sub> = |<i>s</i><sub>j</sub>|² / (1 + |<i>s</i><sub>j</sub>|²) ·
<i>s</i><sub>j</sub> / |<i>s</i><sub>j</sub>|</p>
<p>Routing by agreement: what a primary capsule hands out is shared among the digits (eq. 3), and whoever agrees with
the
outcome gets more the next time:</p>
<p style="margin-left:12px"><i>c</i><sub>ij</sub> = exp <i>b</i><sub>ij</sub> / Σ<sub>k</sub> exp <i>b</i><sub>ik</sub>,
&nbsp; <i>b</i><sub>ij</sub> ← <i>b</i><sub>ij</sub> + <i>û</i><sub>j|i</sub> · <i>v</i><sub>j</sub></p>
<p>In training a digit that is there should be longer than m<sup>+</sup> = 0.9 and any other shorter than
m<sup>−</sup> = 0.1
(eq. 4), and the decoder has to redraw the picture from the capsule of the true digit alone.</p>
<h3>What to try</h3>
<ul>
<li>Draw a 7, and bend it until the network would call it something else.</li>
<li>Turn a 6 upside down, slowly. When does it become a 9, and does its capsule turn or jump?</li>
<li>Under “Routing”, ask who voted for the digit, and route only once.</li>
<li>Lay two digits over each other, and ask for one that is not there.</li>
</ul>
<h3>Source</h3>
<p>S. Sabour, N. Frosst and G. E. Hinton, <i>Dynamic Routing Between Capsules</i>, 2017, arXiv:1710.09829. Digits:
MNIST (LeCun,
Cortes, Burges, CC BY-SA 3.0). Rotation, shear and scale as in affNIST (Tieleman 2013).</p>
"""
