/* The whole program on a terminal: a screen at a moment is the same, cell by cell, whatever way led there. */
#include "tests/support/pty.h"

#define HEIGHT 30
#define WIDTH  80

static void be_loflow(const void *context)
{
    (void)setenv("TERM", "xterm-256color", 1);
    (void)setenv("LC_ALL", "C.UTF-8", 1);
    (void)setenv("TZ", "UTC", 1);
    (void)setenv("HOME", "/nonexistent", 1);
    (void)setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    (void)execl(LOFLOW_BINARY, LOFLOW_BINARY, "-r", (const char *)context, (char *)NULL);
    _exit(98);
}

static void go(struct session *session, const char *place, const char *there)
{
    type(session, "t");
    wait_for(session, "go to");
    type(session, place);
    type(session, "\r");
    wait_for(session, there);
}

/* Cells with their looks, once nothing changes any more. */
static void look(struct session *session, VTermScreenCell cells[HEIGHT][WIDTH])
{
    while (pump(session, 250))
        continue;
    memset(cells, 0, sizeof(VTermScreenCell[HEIGHT][WIDTH]));
    for (int row = 0; row < HEIGHT; row++) {
        for (int column = 0; column < WIDTH; column++)
            cells[row][column] = cell_at(session, row, column);
    }
}

/* A cell that was erased looks like a space. */
static uint32_t character_of(const VTermScreenCell *cell)
{
    return cell->chars[0] == 0 ? ' ' : cell->chars[0];
}

static bool is_same(const VTermScreenCell *a, const VTermScreenCell *b)
{
    bool has_colour = character_of(a) != ' ' || a->attrs.reverse;
    return character_of(a) == character_of(b) && a->attrs.reverse == b->attrs.reverse &&
           a->attrs.underline == b->attrs.underline &&
           (!has_colour ||
            (a->attrs.bold == b->attrs.bold && vterm_color_is_equal(&a->fg, &b->fg)));
}

static void expect_same(struct session *one, struct session *other, const char *where)
{
    static VTermScreenCell cells[2][HEIGHT][WIDTH];
    static char text[2][SCREEN_TEXT_MAX];
    look(one, cells[0]);
    look(other, cells[1]);
    read_rows(one, HEIGHT, WIDTH, text[0]);
    read_rows(other, HEIGHT, WIDTH, text[1]);
    for (int row = 0; row < HEIGHT; row++) {
        for (int column = 0; column < WIDTH; column++) {
            const VTermScreenCell *a = &cells[0][row][column], *b = &cells[1][row][column];
            if (!is_same(a, b))
                fail_msg("%s: row %d, column %d differ:\n%s\n%s", where, row, column, text[0],
                         text[1]);
        }
    }
}

static const struct row {
    const char *name, *whole;
    uint64_t packets[4];
} rows[] = {
    {"demo.pcap", "46 packets", {5, 25, 33, 45}},
    {"reset-after-accept.pcap", "packets", {2, 3, 4, 5}},
    {"retransmission.pcap", "packets", {2, 6, 9, 11}},
};

static void test_row(void **state)
{
    const struct row *row = *state;
    char path[512], place[32], there[32];
    struct session straight, around;
    (void)snprintf(path, sizeof path, "%s/pcaps/%s", LOFLOW_SOURCE_DIR, row->name);
    session_begin(&straight, HEIGHT, WIDTH, be_loflow, path);
    session_begin(&around, HEIGHT, WIDTH, be_loflow, path);
    wait_for(&straight, "end  ");
    wait_for(&around, "end  ");
    go(&straight, "begin", "packet 0 of");
    for (size_t at = 0; at < 4; at++) {
        (void)snprintf(place, sizeof place, "#%llu", (unsigned long long)row->packets[at]);
        (void)snprintf(there, sizeof there, "packet %llu of", (unsigned long long)row->packets[at]);
        go(&straight, place, there);
        /* To the end, back, and the last steps one by one. */
        go(&around, "end", "end  ");
        (void)snprintf(place, sizeof place, "#%llu", (unsigned long long)row->packets[at] - 1);
        go(&around, place, "paused");
        type(&around, ",..");
        wait_for(&around, there);
        expect_same(&straight, &around, there);
    }
    type(&straight, "q");
    type(&around, "q");
    session_end(&straight, 0);
    session_end(&around, 0);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_row);
    return rows_run(&set, "app_replay_screen");
}
