"""Fractional indexing: ranks keep the order of rows under any sequence of moves."""

from itertools import pairwise
from random import Random

import pytest

from projects import ranks
from projects.models import RankField

BAD = ["", "V", "V000", "V000é", "V00-0", "V0000 ", "V00000", "V0000Va0", "V" * 256]


def test_neighbours_are_in_order():
    rank = ranks.first()
    assert ranks.before(rank) < rank < ranks.after(rank)
    assert ranks.before(rank) < ranks.between(ranks.before(rank), rank) < rank
    assert rank < ranks.between(rank, ranks.after(rank)) < ranks.after(rank)


@pytest.mark.parametrize("seed", range(20))
def test_a_list_that_is_shuffled_by_hand_stays_in_order_and_its_ranks_stay_short(seed):
    random = Random(seed)
    places = ranks.spread(random.randrange(2, 40))
    for _ in range(2_000):
        places.pop(random.randrange(len(places)))
        to = random.randrange(len(places) + 1)
        if to == 0:
            rank = ranks.before(places[0])
        elif to == len(places):
            rank = ranks.after(places[-1])
        else:
            rank = ranks.between(places[to - 1], places[to])
        places.insert(to, rank)
        assert rank not in (places[to - 1 : to] + places[to + 1 : to + 2])
    assert all(low < high for low, high in pairwise(places))
    assert max(map(len, places)) < 40


@pytest.mark.parametrize("towards", ["low", "high"])
def test_repeated_insertion_at_one_place_keeps_ranks_ordered(towards):
    low, high = ranks.spread(2)
    for _ in range(1_200):
        rank = ranks.between(low, high)
        assert low < rank < high
        low, high = (low, rank) if towards == "low" else (rank, high)
    assert len(rank) <= ranks.MAX_LENGTH == RankField().max_length


def test_a_full_place_is_refused_with_the_remedy():
    low, high = ranks.spread(2)
    with pytest.raises(ValueError, match=r"No room .* spread\(\)"):
        for _ in range(10_000):
            high = ranks.between(low, high)


def test_a_list_grows_at_both_ends_without_longer_ranks():
    last = front = ranks.first()
    for _ in range(10_000):
        last, front = ranks.after(last), ranks.before(front)
    assert front < ranks.first() < last
    assert len(front) == len(last) == len(ranks.first())


def test_no_rank_exists_beyond_the_first_and_last_possible_rank():
    with pytest.raises(ValueError, match="no rank after 'zzzzz'"):
        ranks.after("zzzzz")
    with pytest.raises(ValueError, match="no rank before '00000'"):
        ranks.before("00000")
    assert "00000" < ranks.between("00000", "00001") < "00001"
    assert ranks.before("00000V") == "00000"


def test_no_rank_exists_between_equal_ranks():
    rank = ranks.first()
    with pytest.raises(ValueError, match="the first must be lower"):
        ranks.between(rank, rank)
    with pytest.raises(ValueError, match="the first must be lower"):
        ranks.between(ranks.after(rank), rank)


@pytest.mark.parametrize("count", [0, 1, 4, 1_000])
def test_spread_ranks_are_ascending_and_have_room_between(count):
    spread = ranks.spread(count)
    assert len(spread) == len(set(spread)) == count
    assert sorted(spread) == spread == sorted(spread, key=str.encode)
    assert all(low < ranks.between(low, high) < high for low, high in pairwise(spread))


@pytest.mark.parametrize("count", [-1, 62**5])
def test_a_count_that_cannot_be_spread_is_refused(count):
    with pytest.raises(ValueError, match=f"not {count}"):
        ranks.spread(count)


@pytest.mark.parametrize("bad", BAD)
def test_malformed_rank_is_refused(bad):
    for refused in (ranks.after, ranks.before, lambda rank: ranks.between(rank, "zzzzz")):
        with pytest.raises(ValueError, match="is not a rank"):
            refused(bad)


@pytest.mark.django_db
def test_the_database_sorts_ranks_as_python_does(acme):
    from projects.models import Project, Status
    from tenancy.context import tenant_context

    # The order of a language would put "a" before "B" and ignore other characters than letters.
    given = ["0000V", "V0000", "V0001", "V0001A", "V0001Z", "V0001a", "Zzzzz", "aZzzz", "azzzz"]
    with tenant_context(acme):
        project = Project.objects.create(key="WEB", name="Website")
        for rank in Random(1).sample(given, len(given)):
            Status.objects.create(project=project, name=rank, category="todo", rank=rank)
        assert list(Status.objects.order_by("rank").values_list("rank", flat=True)) == given
