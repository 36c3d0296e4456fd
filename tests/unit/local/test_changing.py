"""Who changes keeps out who looks, and the other way round, and nobody waits for ever."""

import threading

from shared.local.changing import Changes


def run(job):
    thread = threading.Thread(target=job, daemon=True)
    thread.start()
    return thread


def test_who_looks_waits_until_a_change_is_over_and_is_told_what_it_touched():
    changes, order = Changes(), []
    inside, go = threading.Event(), threading.Event()

    def change():
        with changes.change():
            changes.touch(order)
            inside.set()
            go.wait(10)
            order.append("changed")

    def look():
        with changes.look() as touched:
            order.append("looked")
            assert list(touched.values()) == [order]

    changer = run(change)
    inside.wait(10)
    looker = run(look)
    assert not order
    go.set()
    changer.join(10)
    looker.join(10)
    assert order == ["changed", "looked"]


def test_a_change_steps_out_while_it_waits_and_what_it_does_afterwards_is_told_again():
    changes, thing = Changes(), object()
    with changes.change():
        changes.touch(thing)
        with changes.apart(), changes.look() as touched:
            assert list(touched.values()) == [thing]
        assert changes.inside
    with changes.look() as touched:
        assert list(touched.values()) == [thing]


def test_a_change_within_a_change_is_part_of_it():
    changes = Changes()
    with changes.change():
        with changes.change():
            pass
        assert changes.inside
    assert not changes.inside


def test_a_newcomer_whose_lock_one_inside_needs_is_let_in_though_somebody_waits_to_look():
    changes, lock = Changes(), threading.Lock()
    inside, held = threading.Event(), threading.Event()

    def first():
        with changes.change():
            inside.set()
            held.wait(10)
            with lock:
                pass

    def second():
        with lock:
            held.set()
            with changes.change():
                pass

    def look():
        with changes.look():
            pass

    threads = [run(first)]
    inside.wait(10)
    threads.append(run(look))
    threads.append(run(second))
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_what_has_a_record_of_its_own_is_marked_for_the_thread_that_changed_it():
    changes, asked = Changes(), []
    changes.soon = lambda: asked.append(True)
    changes.mark()
    assert asked
    assert changes.marked()
    assert not changes.marked()
    with changes.change():
        changes.mark()
    assert len(asked) == 1
    assert changes.marked()
