/* tests/unit/net/conn/timing_test.c   Where a request's time went: spans of every way a request can end, and their
 * sum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conn/timing.h"

static void spans_are(struct request_times times, struct request_spans want)
{
    struct request_spans got = request_spans(&times);

    assert_int_equal(got.queue, want.queue);
    assert_int_equal(got.local, want.local);
    assert_int_equal(got.remote, want.remote);
    assert_int_equal(got.answer_queue, want.answer_queue);
    assert_int_equal(got.send, want.send);
    assert_int_equal(got.total, want.queue + want.local + want.remote + want.answer_queue + want.send);
}

static void a_request_that_waits_has_every_span(void **state)
{
    (void)state;
    spans_are(
        (struct request_times){
            .queued = 3, .received = 100, .begun = 100, .waited = 110, .answered = 150, .sending = 157, .sent = 160 },
        (struct request_spans){ .queue = 3, .local = 10, .remote = 40, .answer_queue = 7, .send = 3 });
}

static void without_a_mark_all_of_it_is_local(void **state)
{
    (void)state;
    spans_are((struct request_times){ .begun = 100, .answered = 130, .sending = 130, .sent = 135 },
              (struct request_spans){ .local = 30, .send = 5 });
}

static void what_is_never_sent_ends_where_it_stands(void **state)
{
    (void)state;
    spans_are((struct request_times){ .begun = 100, .answered = 130 }, (struct request_spans){ .local = 30 });
    spans_are((struct request_times){ .begun = 100, .answered = 130, .sending = 140 },
              (struct request_spans){ .local = 30, .answer_queue = 10 });
}

/* The shard of a partition may be a turn ahead of the connection's. */
static void a_reading_of_another_shard_may_be_ahead(void **state)
{
    (void)state;
    spans_are((struct request_times){ .begun = 100, .waited = 131, .answered = 130 },
              (struct request_spans){ .local = 30 });
    spans_are((struct request_times){ .begun = 100, .waited = 99, .answered = 130 },
              (struct request_spans){ .remote = 31 });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_waits_has_every_span),
        cmocka_unit_test(without_a_mark_all_of_it_is_local),
        cmocka_unit_test(what_is_never_sent_ends_where_it_stands),
        cmocka_unit_test(a_reading_of_another_shard_may_be_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
