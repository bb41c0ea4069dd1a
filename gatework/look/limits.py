"""Where each finding begins, and why there: the one table of the doctor's thresholds.

They were set so that what the literature does on purpose stays silent (chrono's gates near their ends, default weights
on data that need no memory, one-hot inputs), then held against bench/doctor.py, which has runs that none was set on.
"""

# --- the model's state -----------------------------------------------------------------------------------------------

# A gate within this of its end has at most a 25th of the slope that it has in the middle.
END = 0.01
# Share of values at the ends that cut the memory off. Trained models have a third; half is no longer sorting.
SATURATED = 0.5
# A unit whose output moves by less than this share of the liveliest unit's moves nobody.
STILL = 1e-3
# Some units of a trained ReLU layer are always dead; from a quarter on the layer is smaller than it was asked to be.
DEAD = 0.25
# A forget gate that keeps less than this a step has lost 99.9 % after four, and one that was drawn by any usual
# initialisation, biases 0 or more, keeps about a half.
SHUT = 0.2
# The bias is why where it alone would shut the gate: at -2 it lets 12 % through. torch draws it around 0, within 0.35
# at 16 units or more; a training may well shut gates that it does not need, by their other weights.
LOW_BIAS = -2.0
# Lags that a gradient must reach however little the data ask for: below that, a window would do.
REACH = 2
# Weights for each value of the data. Networks of this kind learn with tens of them; a hundred can store the data.
WEIGHTS = 100

# --- the data --------------------------------------------------------------------------------------------------------

# Weights are made for inputs of size 1: at 10 times that the gates begin at their ends.
LARGE = 10.0
# At a fiftieth the input hardly moves a gate.
SMALL = 0.02
# A level so many times as large as the changes around it hides them; it matters where it is large itself.
LEVEL, HIGH = 10.0, 3.0
# Relative range under which a value is the same, rounding aside.
SAME = 1e-6
# More zeros than this are one-hot letters, pixels or events: a column of zeros is then one that did not occur here.
SPARSE = 0.5
# Padding: in how many rows, how many different lengths, and how rarely its value stands anywhere else.
PADDED_ROWS, PADDED_LENGTHS, ELSEWHERE = 0.2, 3, 0.01
# Answers that move by this share of their spread when the filling is changed have read it.
MOVED = 0.01
# Mean square of the difference of neighbours over that of any two, 1 where the order tells nothing. Along what is
# really time it is far below 1; along rows it is 1, whatever they have in common.
SMOOTH, EXCHANGEABLE = 0.5, 0.8
# With fewer steps or rows than this neither can be told.
FEWEST_NEIGHBOURS = 8
# Gain in R^2 (of all variance) from steps farther back than the model remembers. A tenth is no accident of a ridge
# regression that is scored on rows it has not seen, and worth having.
GAIN = 0.1
# Lags below this every recurrent layer learns from its first weights, torch's defaults included.
NEAR = 8
# Of that gain, the share by which the needed lag is told.
MOST_OF_IT = 0.9

# --- a training ------------------------------------------------------------------------------------------------------

# With fewer losses, calls or rows a curve cannot be told from chance.
FEWEST_LOSSES, FEWEST_CALLS, FEWEST_ROWS = 20, 6, 200
# A loss that ends so many times above where it began has grown; and so many at any step, more than once, has jumped.
GROWN, JUMPED = 2.0, 5.0
# Weights that change by more than this share of themselves with each step, late in a training, are thrown about:
# a thousandth is usual, Adam at a rate of 0.01 with 16 units gives some hundredths. In the first five steps it may be
# three times as much; what is thrown about then ends with weights so large that no later step seems large beside them.
THROWN, THROWN_EARLY = 0.1, 0.3
# Where neighbouring steps differ by more than this share of what any two do, nobody can see what goes on from what.
TELLING = 0.25
# Calls go on from each other where the step between them is at most so many times one within them.
GOES_ON = 2.0
# They do not where it is this share of the difference of any two.
JUMPS = 0.6
# A target is known from one input when what is left of it is less than this share of what a step changes.
KNOWN = 0.01
# Networks know by heart what they learned from where the loss held out is so many times theirs, and the difference is
# at least this share of what knowing nothing costs: of losses near 0 a factor says little.
BY_HEART, MATTERS = 2.0, 0.25
# Answers that spread by less than this share of what is true are one; of fewer than so many they may be so by chance.
HARDLY, FEWEST_ANSWERS = 0.05, 10
# A memory is unused where emptying it at each step moves the answers by less than this share of their spread.
UNUSED = 0.05
# By how much a label must be better told by the step beside its own, in R^2, and how well told it must be.
SHIFTED, TOLD = 0.1, 0.3
