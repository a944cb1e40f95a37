"""Wrong mathematics on purpose, by subject; `python -m tests.trust.mutations` makes each mistake and runs its tests."""

from tests.trust.mutations.answers import ANSWERS
from tests.trust.mutations.events import EVENTS
from tests.trust.mutations.harm import HARM
from tests.trust.mutations.network import NETWORK

MUTATIONS = (*NETWORK, *ANSWERS, *EVENTS, *HARM)
