"""Who is to blame: from what one rank sees and hears when an operation fails, to the rank that all of them name.

A state machine without sockets and without a clock. It is fed with faults, words and ends of connections; it says words
of its own (``said``, each to all links) and in the end has a ``verdict``. Its rules:

- An ABORT is certain. The first one that is heard is the verdict.
- A rank whose connection has ended is lost, if this rank waits for it. ``decide`` is called after a look at all links,
  so that an ABORT that lies there goes first.
- A rank that waits too long says SUSPECT: whom it waits for. Who hears that says the same of itself, if it waits. So a
  rank that says anything is alive, and the blame passes to the rank that it waits for (``_end_of``).
- A suspect that says nothing for half of the grace is lost. It must be a rank that would be heard: a neighbour, or one
  with a link. Who waits for several silent ranks leaves the judgement, for the other half, to those who wait for one.
- A rank that sees another mark at a call says CLAIM: what it calls there. Who hears that says the same of itself. The
  majority is right, and the odd rank is named (by itself too), as soon as the ranks that have not spoken could not
  change it. Two against two, or one against one, each side names the other.
- At the end of the grace the best guess counts: a rank that sent another mark and did not say more, a connection that
  ended, a silent suspect that would not be heard, or the next rank of a circle in which all wait for each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.fmi.channels.faults import Differs, Gone, Heard, Left, Mismatch, Silent
from shared.fmi.wire.frames import Cause, FrameKind, Word, operation_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from shared.fmi.channels.calls import Calls
    from shared.fmi.channels.faults import LinkError

_NAMED = 4  # ranks that a message lists: our choice
TWO_RUNS = "belongs to another session: two runs share one RUN_ID"


class Verdict(NamedTuple):
    """The rank to blame, why, and which rank found it out."""

    rank: int
    reason: str
    cause: Cause
    origin: int


class Settlement:
    """One rank's search for the guilty one.

    Args:
        rank: This rank.
        calls: What it called.
        operation: The operation it is in.
        waits: Whom it waits for and why each is not there, the likeliest first.
        near: Ranks that would be heard, were they alive: neighbours.
        linked: Ranks that it is connected with.
        now: Seconds.
        grace: Seconds until the verdict must be there.
    """

    def __init__(  # noqa: PLR0913, PLR0917  all that one rank knows when it begins
        self,
        rank: int,
        calls: Calls,
        operation: int,
        waits: Mapping[int, tuple[Cause, str]],
        near: Collection[int],
        linked: Iterable[int],
        now: float,
        grace: float,
    ) -> None:
        self.said: list[Word] = []
        self.verdict: Verdict | None = None
        self._rank, self._calls, self._operation = rank, calls, operation
        self._waits, self._near, self._linked = waits, near, set(linked)
        self._half, self._end = now + grace / 2, now + grace
        self._suspects: dict[int, Word] = {}
        self._claims: dict[int, Word] = {}
        self._ended: dict[int, Gone] = {}
        self._accuser: int | None = None
        self._accused = False
        self._stranger: int | None = None

    def begin(self, fault: LinkError, now: float) -> None:
        """Take in what went wrong first."""
        if isinstance(fault, Heard):
            self.hear(fault.peer, fault.word, now)
        elif isinstance(fault, Gone):
            self.ended(fault.peer, fault)
        elif isinstance(fault, Differs):
            self._stranger = fault.peer
            self._claim(fault.call, now)
        elif isinstance(fault, Mismatch):
            self._name(fault.peer, str(fault), Cause.MISMATCH)
        elif isinstance(fault, Silent):
            self._accuse()

    def wake(self, now: float) -> float:
        """Return when to decide next, if nothing is heard."""
        return self._half if now < self._half else self._end

    def joined(self, peer: int) -> None:
        """Take note of a new link to *peer*."""
        self._linked.add(peer)

    def ended(self, peer: int, how: Gone) -> None:
        """Take note that the link to *peer* ended."""
        self._ended.setdefault(peer, how)

    def hear(self, peer: int, word: Word, now: float) -> None:
        """Take in what *peer* says."""
        if self.verdict is not None:
            return
        if self._accuser is None:
            self._accuser = peer
        if word.kind == FrameKind.ABORT:
            self.verdict = Verdict(word.rank, word.text, Cause(word.cause), word.origin)
        elif word.kind == FrameKind.CLAIM:
            self._claims[word.origin] = word
            self._claim(word.call, now)
        else:
            self._suspects[word.origin] = word
            mine = self._calls.find(word.call)
            if mine is not None and mine.mark != word.mark:
                self._claim(word.call, now)
            else:
                self._accuse()

    def decide(self, now: float) -> None:
        """Set the verdict, if what is known by *now* is enough. Called after each look at all links."""
        if self.verdict is None and self._rank not in self._claims:
            self._judge_silence(now)
        if self.verdict is None:
            self._count(now)
        if self.verdict is None and now >= self._end:
            self._guess()

    def _accuse(self) -> None:
        if not self._accused and self._waits:
            self._accused = True
            suspect, (_, reason) = next(iter(self._waits.items()))
            mark, session = self._calls.now.mark, self._calls.now.session
            self.said.append(Word(FrameKind.SUSPECT, suspect, self._rank, reason, self._operation, mark, session))

    def _claim(self, call: int, now: float) -> None:
        mine = self._calls.find(call)
        if mine is not None and self._rank not in self._claims:
            own = Word(FrameKind.CLAIM, self._rank, self._rank, mine.text, 0, mine.mark, mine.session)
            self._claims[self._rank] = own
            self.said.append(own)
        self._count(now)

    def _judge_silence(self, now: float) -> None:
        for peer in self._waits:
            if peer in self._ended:
                return self._lose(peer)
        if now < self._half:
            return None
        for peer, how in self._ended.items():
            if not isinstance(how, Left):
                return self._lose(peer)
        silent = self._silent()
        if len(silent) == 1 and (silent[0] in self._near or silent[0] in self._linked):
            self._lose(silent[0])
        return None

    def _silent(self) -> list[int]:
        """Return at whom the waiting ends: ranks that have said nothing, each once."""
        return list(dict.fromkeys(end for peer in self._waits if (end := self._end_of(peer)) is not None))

    def _end_of(self, peer: int) -> int | None:
        """Return the rank that *peer* waits for in the end; None where that is a circle or a rank that claims."""
        passed = {self._rank}
        while peer in self._suspects:
            passed.add(peer)
            peer = self._suspects[peer].rank
            if peer in passed:
                return None
        return None if peer in self._claims else peer

    def _count(self, now: float) -> None:
        """Find the odd rank among those that have claimed."""
        mine = self._claims.get(self._rank)
        if self.verdict is not None or mine is None:
            return None
        groups: dict[tuple[bytes, bytes, str], list[int]] = {}
        for rank, word in sorted(self._claims.items()):
            if word.call == mine.call:
                groups.setdefault((word.session, word.mark, word.text), []).append(rank)
        ordered = sorted(groups, key=lambda key: -len(groups[key]))
        if len(ordered) == 1:
            return None
        other = next(key for key in ordered if self._rank not in groups[key])
        if other[0] != mine.session:
            return self._name(groups[other][0], TWO_RUNS, Cause.MISMATCH)
        lead = len(groups[ordered[0]]) - len(groups[ordered[1]])
        missing = self._linked - self._claims.keys() - self._ended.keys()
        if lead and (lead >= len(missing) or now >= self._half):
            right = ordered[0]
            odd = min(rank for key in ordered[1:] for rank in groups[key])
        elif not missing or now >= self._end:
            right = next(key for key in ordered if self._rank in groups[key])
            odd = groups[other][0]
        else:
            return None
        where = f"where {_ranks(groups[right])} in {right[2]}"
        return self._name(odd, f"is in {self._claims[odd].text} {where}", Cause.MISMATCH)

    def _guess(self) -> None:
        """Name somebody: the time is up."""
        if self._stranger is not None and (mine := self._claims.get(self._rank)) is not None:
            what = f"called something else where rank {self._rank} is in {mine.text}, and has not said what"
            return self._name(self._stranger, what, Cause.MISMATCH)
        silent = self._silent()
        abrupt = [peer for peer, how in self._ended.items() if not isinstance(how, Left)]
        if suspect := [*abrupt, *silent]:
            self._lose(suspect[0])
        elif waited := [peer for peer in self._waits if peer in self._suspects]:
            word = self._suspects[waited[0]]
            how = f"it waits in {operation_name(word.cause)} for rank {word.rank}: all wait for each other in a circle"
            self._name(waited[0], how, Cause.LOST)
        elif self._waits:
            self._lose(next(iter(self._waits)))
        else:
            accuser = self._rank if self._accuser is None else self._accuser
            self._name(accuser, "it gave up and did not say for whom", Cause.LOST)
        return None

    def _lose(self, rank: int) -> None:
        if rank in self._ended:
            self._name(rank, str(self._ended[rank]), Cause.LOST)
        elif rank in self._waits:
            cause, reason = self._waits[rank]
            self._name(rank, reason, cause)
        else:
            accuser = next(word for word in self._suspects.values() if word.rank == rank)
            self._name(rank, accuser.text, Cause.LOST)

    def _name(self, rank: int, reason: str, cause: Cause) -> None:
        self.verdict = Verdict(rank, reason, cause, self._rank)


def _ranks(ranks: list[int]) -> str:
    if len(ranks) == 1:
        return f"rank {ranks[0]} is"
    shown = ", ".join(map(str, ranks[:_NAMED]))
    return f"ranks {shown}{'' if len(ranks) <= _NAMED else f' and {len(ranks) - _NAMED} more'} are"
