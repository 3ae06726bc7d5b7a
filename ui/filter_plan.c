/*
 * Theory: tests have no effect but their answer, so those that "and" or "or" joins may come in any order.
 * The cheap ones come first, and often spare the others: most flows are turned down by a port or a number
 * before a row has to be written. Parts that cost the same stay in the order of the text.
 *
 * Then each test is told where to go on by whether it holds (short-circuit code, as in compilers: Aho,
 * Sethi, Ullman, "Compilers", section 8.4). What comes after a part is known before the part itself, so
 * that no way leads back.
 */
#include "ui/filter_parse.h"

/* Where the program goes on, by whether a part of the tree holds. */
struct targets {
    uint8_t on[2];
};

/* In nanoseconds, more or less; see scripts/bench-filters. */
static unsigned cost_of_test(const struct filter_test *test)
{
    switch ((enum filter_test_kind)test->kind) {
    case FILTER_TEST_STATE:
    case FILTER_TEST_PROTOCOL:
    case FILTER_TEST_PORT:
        return 2;
    case FILTER_TEST_NUMBER:
    case FILTER_TEST_HOST:
    case FILTER_TEST_FLAG:
        return 4;
    case FILTER_TEST_CODE:
    case FILTER_TEST_PID:
        return 10;
    case FILTER_TEST_PART:
    case FILTER_TEST_WHOLE:
    case FILTER_TEST_MATCHES:
        return test->ends == FILTER_ENDS_WHOLE ? 100 : 20;
    case FILTER_TEST_WORD:
        return 30;
    case FILTER_TEST_PHRASE:
    case FILTER_TEST_PATTERN:
        return 300;
    }
    return 0;
}

static unsigned cost_of(const struct filter_parser *parser, int at)
{
    const struct filter_node *node = &parser->nodes[at];
    if (node->join == FILTER_ONE)
        return cost_of_test(&parser->program->tests[node->left]);
    unsigned right = node->join == FILTER_NOT ? 0 : cost_of(parser, node->right);
    return cost_of(parser, node->left) + right;
}

/* What one word joins, as in "a and b and c". */
struct parts {
    unsigned count;
    struct part {
        int node;
        unsigned cost;
    } all[FILTER_TESTS_MAX];
};

static void add_part(const struct filter_parser *parser, struct parts *parts, int node)
{
    const struct part part = {node, cost_of(parser, node)};
    unsigned at = parts->count++;
    for (; at > 0 && parts->all[at - 1].cost > part.cost; at--)
        parts->all[at] = parts->all[at - 1];
    parts->all[at] = part;
}

static void collect(const struct filter_parser *parser, struct parts *parts, int at, uint8_t join)
{
    const struct filter_node *node = &parser->nodes[at];
    if (node->join != join) {
        add_part(parser, parts, at);
        return;
    }
    collect(parser, parts, node->left, join);
    collect(parser, parts, node->right, join);
}

/* Returns where the part begins. */
static uint8_t plan(struct filter_parser *parser, int at, struct targets targets)
{
    const struct filter_node *node = &parser->nodes[at];
    struct targets other = {{targets.on[1], targets.on[0]}};
    if (node->join == FILTER_NOT)
        return plan(parser, node->left, other);
    if (node->join == FILTER_ONE) {
        struct filter_test *test = &parser->program->tests[node->left];
        test->next[0] = targets.on[0];
        test->next[1] = targets.on[1];
        return (uint8_t)node->left;
    }
    struct parts parts = {0};
    unsigned goes_on = node->join == FILTER_AND;
    uint8_t next = targets.on[goes_on];
    collect(parser, &parts, at, node->join);
    while (parts.count > 0) {
        other = targets;
        other.on[goes_on] = next;
        next = plan(parser, parts.all[--parts.count].node, other);
    }
    return next;
}

uint8_t filter_plan(struct filter_parser *parser, int root)
{
    return plan(parser, root, (struct targets){{FILTER_REJECT, FILTER_ACCEPT}});
}
