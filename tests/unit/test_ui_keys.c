/* What every key does, one row a key; a key of ui/key.def without a row fails. */
#include "tests/support/rows.h"

#include "test_ui_pages.h"
#include "ui/keymap.h"

enum {
#define CONTEXT(NAME, bits) NAME = KEY_IN_##NAME,
#include "ui/key_context.def"
#undef CONTEXT
};

struct row {
    const char *name;
    int context;
    const char *before; /* keys */
    const char *key;
    const char *marked;  /* in the row with the cursor; NULL: not looked at */
    const char *shown;   /* somewhere on the screen */
    const char *missing; /* nowhere on the screen */
    bool same;           /* the picture does not change */
};

static const struct row rows[] = {
    {"help_by_letter", LIST, "", "h", NULL, "KEYS", "FAILURES", false},
    {"help_by_question_mark", LIST, "", "?", NULL, "KEYS", "FAILURES", false},
    {"filter_line_opens", LIST, "", "/", NULL, "  /", "q quit", false},
    {"pause", LIST, "", "p", NULL, "PAUSED", NULL, false},
    {"pause_ends", LIST, "p", "p", NULL, "live", "PAUSED", false},
    {"sort_next", LIST, "", "s", NULL, "▲IDLE", "▲AGE", false},
    {"sort_next_by_angle", LIST, "", ">", NULL, "▲IDLE", "▲AGE", false},
    {"sort_previous", LIST, "", "<", NULL, "▼P95", "▲AGE", false},
    {"sort_wraps_to_client", LIST, "sssssssss", "s", ":40001", "CLIENT▲", NULL, false},
    {"reverse", LIST, "", "r", ":40001", "▼AGE", "▲AGE", false},
    {"reverse_by_capital", LIST, "", "S", ":40001", "▼AGE", "▲AGE", false},
    {"reverse_among_equals", LIST, "<<<<<<<<", "r", ":40001", "PRO▼", NULL, false},
    {"sort_unknown_last", LIST, "ssss", "s", ":60001", "▼RTT", NULL, false},
    {"open_only", LIST, "", "c", ":40040", "open only", ":60001", false},
    {"open_only_ends", LIST, "c", "c", ":50010", ":60001", "40 rows", false},
    {"events_hidden", LIST, "", "e", NULL, ":40036", "FAILURES", false},
    {"events_shown_again", LIST, "e", "e", NULL, "FAILURES", ":40036", false},
    {"focus_failures", LIST, "", "{Tab}", "x3", NULL, NULL, false},
    {"focus_returns", LIST, "{Tab}", "{Tab}", ":50010", NULL, NULL, false},
    {"group_by_server", LIST, "", "v", NULL, "▾ 3 flows", "▾ 1 flow", false},
    {"group_by_client", LIST, "v", "v", NULL, "▸ 127.0.0.1", "▸ 40 flows", false},
    {"group_no_more", LIST, "vv", "v", NULL, "|127.0.0.1:50010", "▾", false},
    {"unfold_by_space", LIST, "vG", "{Space}", "▾ 40 flows", NULL, NULL, false},
    {"fold_by_space", LIST, "vG{Space}", "{Space}", "▸ 40 flows", NULL, NULL, false},
    {"unfold_by_enter", LIST, "vG", "{Enter}", "▾ 40 flows", NULL, NULL, false},
    {"fold_from_inside", LIST, "vG{Space}jj", "{Space}", "▸ 40 flows", NULL, NULL, false},
    {"fold_all", LIST, "v", "-", NULL, "▸ 1 flow ", "▾", false},
    {"unfold_all", LIST, "v-", "+", NULL, "▾ 1 flow ", "▸", false},
    {"up", LIST, "jj", "{Up}", ":50009", NULL, NULL, false},
    {"up_by_letter", LIST, "jj", "k", ":50009", NULL, NULL, false},
    {"up_stops_at_top", LIST, "", "k", ":50010", NULL, NULL, false},
    {"down", LIST, "", "{Down}", ":50009", NULL, NULL, false},
    {"down_by_letter", LIST, "", "j", ":50009", NULL, NULL, false},
    {"down_in_failures", LIST, "{Tab}", "j", ":4007", NULL, NULL, false},
    {"page_down", LIST, "", "{PgDn}", ":40038", NULL, NULL, false},
    {"page_down_twice", LIST, "{PgDn}", "{PgDn}", ":40025", NULL, ":50009", false},
    {"page_down_in_failures", LIST, "{Tab}", "{PgDn}", ":4004", NULL, NULL, false},
    {"page_up", LIST, "{PgDn}", "{PgUp}", ":50010", NULL, NULL, false},
    {"first", LIST, "jjj", "{Home}", ":50010", NULL, NULL, false},
    {"first_by_letter", LIST, "jjj", "g", ":50010", NULL, NULL, false},
    {"last", LIST, "", "{End}", ":40001", NULL, ":50009", false},
    {"last_by_letter", LIST, "", "G", ":40001", NULL, ":50009", false},
    {"last_in_failures", LIST, "{Tab}", "G", ":4001", NULL, NULL, false},
    {"first_in_failures", LIST, "{Tab}G", "g", "x3", NULL, NULL, false},
    {"escape_shows_all_rows", LIST, "/:3001{Enter}", "{Esc}", ":50010", ":50009", "/:3001", false},
    {"redraw", LIST, "j", "{Ctrl-L}", ":50009", NULL, NULL, true},
    {"unknown_key", LIST, "j", "z", ":50009", NULL, NULL, true},
    {"filter_kept", FILTER, "/:3001", "{Enter}", ":60001", "  /:3001", "_", false},
    {"filter_dropped", FILTER, "/:3001", "{Esc}", NULL, ":50009", "/:3001", false},
    {"filter_erased", FILTER, "/:3001x", "{Backspace}", ":60001", "/:3001 ", "no row", false},
    {"filter_erased_whole", FILTER, "/:3001x", "{Ctrl-U}", ":50010", "  / ", "no row", false},
    {"filter_redraw", FILTER, "/:3001", "{Ctrl-L}", ":60001", "/:3001 ", NULL, true},
    {"filter_takes_letters", FILTER, "/clo", "s", ":60001", "/clos ", NULL, false},
    {"filter_row", LIST, "", "F", ":50010", "/client:127.0.0.1 server.port:4008", ":40037", false},
    {"filter_row_again", LIST, "F", "F", ":50010", "client.port:50010 server:127.0.0.1:4008",
     ":50009", false},
    {"filter_group", LIST, "vG", "F", "40 flows", "40 rows  /server:127.0.0.1:3000", NULL, false},
    {"filter_kept_not_while_wrong", FILTER, "/prt:1", "{Enter}", ":50010", "did you mean port?",
     NULL, false},
    {"filter_kept_not_while_unfinished", FILTER, "/port:", "{Enter}", ":50010", "pf", NULL, false},
    {"filter_wrong_keeps_the_rows", FILTER, "/port:3001 rt", ">", ":60001", "did you mean rtt?",
     NULL, false},
    {"filter_complete", FILTER, "/state:re", "{Tab}", NULL, "ended by RST", NULL, false},
    {"filter_complete_alone", FILTER, "/stat", "{Tab}", NULL, "/state:", NULL, false},
    {"filter_complete_next", FILTER, "/state:re{Tab}", "{Tab}", NULL, "/state:reset ", NULL, false},
    {"filter_complete_wraps", FILTER, "/state:re{Tab}{Tab}{Tab}", "{Tab}", NULL, "/state:re ", NULL,
     false},
    {"filter_complete_back", FILTER, "/state:re{Tab}", "{Shift-Tab}", NULL, "/state:refused ", NULL,
     false},
    {"filter_complete_taken", FILTER, "/state:re{Tab}{Tab}", "{Enter}", NULL, "no row passes",
     "ended by RST", false},
    {"filter_complete_left", FILTER, "/state:re{Tab}{Tab}", "{Esc}", NULL, "/state:re ",
     "ended by RST", false},
    {"filter_complete_ports", FILTER, "/dport:40", "{Tab}", NULL, "4008", NULL, false},
    {"filter_older", FILTER, "/:3001{Enter}/{Ctrl-U}", "{Up}", ":60001", "/:3001 ", NULL, false},
    {"filter_older_by_letter", FILTER, "/:3001{Enter}/{Ctrl-U}", "{Ctrl-P}", ":60001", "/:3001 ",
     NULL, false},
    {"filter_newer", FILTER, "/:3001{Enter}/{Ctrl-U}ud{Up}", "{Down}", NULL, "/ud ", NULL, false},
    {"filter_newer_by_letter", FILTER, "/:3001{Enter}/{Ctrl-U}ud{Up}", "{Ctrl-N}", NULL, "/ud ",
     NULL, false},
    {"filter_left", FILTER, "/:3001", "{Left}", ":60001", "ppppp_", NULL, false},
    {"filter_left_by_letter", FILTER, "/:3001", "{Ctrl-B}", ":60001", "ppppp_", NULL, false},
    {"filter_right", FILTER, "/:3001{Left}", "{Right}", ":60001", "pppppp_", NULL, false},
    {"filter_right_by_letter", FILTER, "/:3001{Left}", "{Ctrl-F}", ":60001", "pppppp_", NULL,
     false},
    {"filter_word_left", FILTER, "/tcp rst", "{Ctrl-Left}", NULL, "ppppp_pp", NULL, false},
    {"filter_word_right", FILTER, "/tcp rst{Home}", "{Ctrl-Right}", NULL, "pppp_pppp", NULL, false},
    {"filter_begin", FILTER, "/:3001", "{Home}", ":60001", "p_pppp", NULL, false},
    {"filter_begin_by_letter", FILTER, "/:3001", "{Ctrl-A}", ":60001", "p_pppp", NULL, false},
    {"filter_end", FILTER, "/:3001{Home}", "{End}", ":60001", "pppppp_", NULL, false},
    {"filter_end_by_letter", FILTER, "/:3001{Home}", "{Ctrl-E}", ":60001", "pppppp_", NULL, false},
    {"filter_erased_next", FILTER, "/x:3001{Home}", "{Delete}", ":60001", "/:3001", NULL, false},
    {"filter_erased_next_by_letter", FILTER, "/x:3001{Home}", "{Ctrl-D}", ":60001", "/:3001", NULL,
     false},
    {"filter_erased_word", FILTER, "/:3001 xx", "{Ctrl-W}", ":60001", "/:3001 ", "xx", false},
    {"filter_erased_rest", FILTER, "/:3001 xx{Left}{Left}", "{Ctrl-K}", ":60001", "/:3001 ", "xx",
     false},
    {"filter_typed_inside", FILTER, "/:001{Left}{Left}{Left}", "3", ":60001", "/:3001", NULL,
     false},
    {"filter_left_by_erasing", FILTER, "/x{Backspace}", "{Backspace}", ":50010", "q quit",
     "keep the", false},
    {"filter_absent", FILTER, "/!refused !:3000", " ", ":60001", "1 row", NULL, false},
    {"details_of_the_flow", LIST, "", "{Enter}", NULL, "127.0.0.1:50010", "FAILURES", false},
    {"stream_of_the_flow", LIST, "G", "f", NULL, "STREAM 1 ", "FAILURES", false},
    {"flow_stream", FLOW, "G{Enter}", "f", NULL, "STREAM 1 ", "Overview", false},
    {"flow_help", FLOW, "{Enter}", "h", NULL, "KEYS", "Overview", false},
    {"flow_help_by_question_mark", FLOW, "{Enter}", "?", NULL, "KEYS", "Overview", false},
    {"flow_pause", FLOW, "{Enter}", "p", NULL, "PAUSED", NULL, false},
    {"flow_pause_by_space", FLOW, "{Enter}", "{Space}", NULL, "PAUSED", NULL, false},
    {"flow_left", FLOW, "{Enter}", "{Esc}", ":50010", "FAILURES", "Overview", false},
    {"flow_left_by_q", FLOW, "{Enter}", "q", ":50010", "FAILURES", "Overview", false},
    {"flow_redraw", FLOW, "{Enter}j", "{Ctrl-L}", NULL, "Overview", NULL, true},
    {"flow_down", FLOW, "{Enter}", "{Down}", NULL, "Overview", "FLOW ", false},
    {"flow_down_by_letter", FLOW, "{Enter}", "j", NULL, "Overview", "FLOW ", false},
    {"flow_up", FLOW, "{Enter}j", "{Up}", NULL, "FLOW ", NULL, false},
    {"flow_up_by_letter", FLOW, "{Enter}j", "k", NULL, "FLOW ", NULL, false},
    {"flow_page_down", FLOW, "{Enter}", "{PgDn}", NULL, "LIFE", "FLOW ", false},
    {"flow_page_up", FLOW, "{Enter}{PgDn}", "{PgUp}", NULL, "FLOW ", NULL, false},
    {"flow_last", FLOW, "{Enter}", "{End}", NULL, "LIFE", "FLOW ", false},
    {"flow_last_by_letter", FLOW, "{Enter}", "G", NULL, "LIFE", "FLOW ", false},
    {"flow_first", FLOW, "{Enter}G", "{Home}", NULL, "FLOW ", NULL, false},
    {"flow_first_by_letter", FLOW, "{Enter}G", "g", NULL, "FLOW ", NULL, false},
    {"section_next", FLOW, "{Enter}", "{Tab}", "SYN", "SINCE", "FLOW ", false},
    {"section_next_by_arrow", FLOW, "{Enter}", "{Right}", "SYN", "SINCE", "FLOW ", false},
    {"section_previous", FLOW, "{Enter}", "{Left}", "refused", "server", "FLOW ", false},
    {"packet_times", FLOW, "{Enter}{Tab}", "t", NULL, "DELTA", "SINCE", false},
    {"packet_times_by_clock", FLOW, "{Enter}{Tab}t", "t", NULL, "CLOCK", "DELTA", false},
    {"packet_numbers", FLOW, "{Enter}{Tab}", "a", "seq 1000", NULL, NULL, false},
    {"packets_down", FLOW, "{Enter}{Tab}", "j", "RST", NULL, NULL, false},
    {"packets_last", FLOW, "{Enter}{Tab}", "G", "refused", NULL, NULL, false},
    {"packets_first", FLOW, "{Enter}{Tab}G", "g", "SYN", NULL, NULL, false},
    {"packets_page_down", FLOW, "{Enter}{Tab}", "{PgDn}", "refused", NULL, NULL, false},
    {"packet_of_trouble", FLOW, "{Enter}{Tab}", "n", "RST", NULL, NULL, false},
    {"packet_of_trouble_before", FLOW, "{Enter}{Tab}G", "N", "RST", NULL, NULL, false},
    {"event_to_its_packet", FLOW, "{Enter}{Left}j", "{Enter}", "RST", "SINCE", NULL, false},
    {"events_down", FLOW, "{Enter}{Left}", "j", "RST", NULL, NULL, false},
    {"stream_help", STREAM, "Gf", "h", NULL, "KEYS", "STREAM 1 ", false},
    {"stream_help_by_question_mark", STREAM, "Gf", "?", NULL, "KEYS", "STREAM 1 ", false},
    {"stream_pause", STREAM, "Gf", "p", NULL, "PAUSED", NULL, false},
    {"stream_pause_by_space", STREAM, "Gf", "{Space}", NULL, "PAUSED", NULL, false},
    {"stream_left", STREAM, "Gf", "{Esc}", ":40001", "FAILURES", "STREAM 1 ", false},
    {"stream_left_by_q", STREAM, "Gf", "q", ":40001", "FAILURES", "STREAM 1 ", false},
    {"stream_redraw", STREAM, "Gfx", "{Ctrl-L}", NULL, "STREAM 1  hex", NULL, true},
    {"stream_hex", STREAM, "Gf", "x", NULL, "STREAM 1  hex", NULL, false},
    {"stream_text", STREAM, "Gfx", "x", NULL, "STREAM 1  text", NULL, false},
    {"stream_turn_next", STREAM, "Gf", "}", NULL, "turn 2 of 2", "1 client", false},
    {"stream_turn_previous", STREAM, "Gf}", "{{}", NULL, "turn 1 of 2", NULL, false},
    {"stream_up", STREAM, "Gf}", "{Up}", NULL, "turn 1 of 2", NULL, false},
    {"stream_up_by_letter", STREAM, "Gf}", "k", NULL, "turn 1 of 2", NULL, false},
    {"stream_page_up", STREAM, "Gf}", "{PgUp}", NULL, "turn 1 of 2", NULL, false},
    {"stream_first", STREAM, "Gf}", "{Home}", NULL, "turn 1 of 2", NULL, false},
    {"stream_first_by_letter", STREAM, "Gf}", "g", NULL, "turn 1 of 2", NULL, false},
    {"stream_last", STREAM, "Gf}", "{End}", NULL, "turn 1 of 2", NULL, false},
    {"stream_last_by_letter", STREAM, "Gf}", "G", NULL, "turn 1 of 2", NULL, false},
    {"stream_down", STREAM, "Gf", "{Down}", NULL, "turn 1 of 2", NULL, true},
    {"stream_down_by_letter", STREAM, "Gf", "j", NULL, "turn 1 of 2", NULL, true},
    {"stream_page_down", STREAM, "Gf", "{PgDn}", NULL, "turn 1 of 2", NULL, true},
    {"stream_found_next", STREAM, "Gf", "n", NULL, "nothing is searched for", NULL, false},
    {"stream_found_previous", STREAM, "Gf", "N", NULL, "nothing is searched for", NULL, false},
    {"stream_search_opens", STREAM, "Gf", "/", NULL, "search for", NULL, false},
    {"stream_save_client", STREAM, "Gf", ">", NULL, "bytes to flow-1-client.bin", NULL, false},
    {"stream_save_server", STREAM, "Gf", "<", NULL, "bytes to flow-1-server.bin", NULL, false},
    {"asked_line", ASK, "Gf/ab", "{Enter}", NULL, "not found", "search for", false},
    {"asked_line_left", ASK, "Gf/ab", "{Esc}", NULL, "STREAM 1 ", "search for", false},
    {"asked_line_erased", ASK, "Gf/ab", "{Backspace}", NULL, "search for a ", NULL, false},
    {"asked_line_erased_whole", ASK, "Gf/ab", "{Ctrl-U}", NULL, "search for", NULL, false},
    {"asked_line_left_key", ASK, "Gf/ab{Left}", "{Left}", NULL, "search for ab", NULL, false},
    {"asked_line_types_inside", ASK, "Gf/ab{Left}", "x", NULL, "search for axb", NULL, false},
    {"asked_line_right_key", ASK, "Gf/ab{Left}", "{Right}", NULL, "search for ab", NULL, false},
    {"asked_line_begin", ASK, "Gf/ab", "{Home}", NULL, "search for ab", NULL, false},
    {"asked_line_end", ASK, "Gf/ab{Home}", "{End}", NULL, "search for ab", NULL, false},
    {"asked_line_older", ASK, "Gf/one{Enter}/", "{Up}", NULL, "search for one", NULL, false},
    {"asked_line_newer", ASK, "Gf/one{Enter}/tw{Up}", "{Down}", NULL, "search for tw", "one",
     false},
    {"asked_line_redraw", ASK, "Gf/ab", "{Ctrl-L}", NULL, "search for ab", NULL, true},
    {"flow_flows", FLOW, "{Enter}", "1", NULL, "FAILURES", "Overview", false},
    {"flow_events", FLOW, "{Enter}", "2", NULL, "showing all events", "Overview", false},
    {"flow_ports", FLOW, "{Enter}", "3", NULL, "clients get ports", "Overview", false},
    {"flow_about", FLOW, "{Enter}", "4", NULL, "not known yet", "Overview", false},
    {"stream_flows", STREAM, "Gf", "1", NULL, "FAILURES", "STREAM 1 ", false},
    {"stream_events", STREAM, "Gf", "2", NULL, "showing all events", "STREAM 1 ", false},
    {"stream_ports", STREAM, "Gf", "3", NULL, "clients get ports", "STREAM 1 ", false},
    {"stream_about", STREAM, "Gf", "4", NULL, "not known yet", "STREAM 1 ", false},
    {"go_to_events", LIST, "", "2", NULL, "showing all events", "CLIENT▲", false},
    {"go_to_ports", LIST, "", "3", NULL, "clients get ports", "showing", false},
    {"go_to_about", LIST, "", "4", NULL, "not known yet", "showing", false},
    {"go_to_flows", LIST, "jj", "1", ":50008", NULL, NULL, false},
    {"go_to_events_from_a_page", PAGE, "h", "2", NULL, "showing all events", "KEYS", false},
    {"go_to_ports_from_a_page", PAGE, "h", "3", NULL, "clients get ports", "KEYS", false},
    {"go_to_about_from_a_page", PAGE, "h", "4", NULL, "not known yet", "KEYS", false},
    {"go_to_flows_from_a_page", PAGE, "h", "1", NULL, "FAILURES", "KEYS", false},
    {"events_help", EVENTS, "2", "h", NULL, "KEYS", NULL, false},
    {"events_help_by_question_mark", EVENTS, "2", "?", NULL, "KEYS", NULL, false},
    {"events_pause", EVENTS, "2", "p", NULL, "PAUSED", NULL, false},
    {"events_flows", EVENTS, "2", "1", NULL, "FAILURES", NULL, false},
    {"events_events", EVENTS, "2", "2", NULL, "showing all events", NULL, false},
    {"events_ports", EVENTS, "2", "3", NULL, "clients get ports", NULL, false},
    {"events_about", EVENTS, "2", "4", NULL, "not known yet", NULL, false},
    {"events_redraw", EVENTS, "2", "{Ctrl-L}", NULL, "showing", NULL, true},
    {"ports_help", PORTS, "3", "h", NULL, "KEYS", NULL, false},
    {"ports_help_by_question_mark", PORTS, "3", "?", NULL, "KEYS", NULL, false},
    {"ports_pause", PORTS, "3", "p", NULL, "PAUSED", NULL, false},
    {"ports_flows", PORTS, "3", "1", NULL, "FAILURES", NULL, false},
    {"ports_events", PORTS, "3", "2", NULL, "showing all events", NULL, false},
    {"ports_ports", PORTS, "3", "3", NULL, "clients get ports", NULL, false},
    {"ports_about", PORTS, "3", "4", NULL, "not known yet", NULL, false},
    {"ports_redraw", PORTS, "3", "{Ctrl-L}", NULL, "listen", NULL, true},
    {"about_help", ABOUT, "4", "h", NULL, "KEYS", NULL, false},
    {"about_help_by_question_mark", ABOUT, "4", "?", NULL, "KEYS", NULL, false},
    {"about_pause", ABOUT, "4", "p", NULL, "PAUSED", NULL, false},
    {"about_flows", ABOUT, "4", "1", NULL, "FAILURES", NULL, false},
    {"about_events", ABOUT, "4", "2", NULL, "showing all events", NULL, false},
    {"about_ports", ABOUT, "4", "3", NULL, "clients get ports", NULL, false},
    {"about_about", ABOUT, "4", "4", NULL, "not known yet", NULL, false},
    {"about_redraw", ABOUT, "4", "{Ctrl-L}", NULL, "not known", NULL, true},
    {"events_down", EVENTS, "2", "{Down}", ":4007", NULL, NULL, false},
    {"events_down_by_letter", EVENTS, "2", "j", ":4007", NULL, NULL, false},
    {"events_up", EVENTS, "2jj", "{Up}", ":4007", NULL, NULL, false},
    {"events_up_by_letter", EVENTS, "2jj", "k", ":4007", NULL, NULL, false},
    {"events_page_down", EVENTS, "2", "{PgDn}", ":4001", NULL, NULL, false},
    {"events_page_up", EVENTS, "2G", "{PgUp}", ":4008", NULL, NULL, false},
    {"events_last", EVENTS, "2", "{End}", ":4001", NULL, NULL, false},
    {"events_last_by_letter", EVENTS, "2", "G", ":4001", NULL, NULL, false},
    {"events_first", EVENTS, "2G", "{Home}", ":4008", NULL, NULL, false},
    {"events_first_by_letter", EVENTS, "2G", "g", ":4008", NULL, NULL, false},
    {"events_unfold", EVENTS, "2", "{Space}", "x3", ":50009", NULL, false},
    {"events_unfold_by_enter", EVENTS, "2", "{Enter}", "x3", ":50009", NULL, false},
    {"events_fold", EVENTS, "2{Space}", "{Space}", "x3", NULL, ":50009", false},
    {"events_fold_what_is_one", EVENTS, "2j", "{Space}", ":4007", NULL, NULL, true},
    {"events_show_flow", EVENTS, "2j", "{Enter}", ":50007", "FAILURES", NULL, false},
    {"events_show_case", EVENTS, "2{Enter}jj", "{Enter}", ":50009", "FAILURES", NULL, false},
    {"events_kinds", EVENTS, "2", "f", ":4008", "showing refused", NULL, false},
    {"events_kinds_none", EVENTS, "2f", "f", NULL, "none of these", ":4008", false},
    {"events_kinds_all_again", EVENTS, "2fffffff", "f", ":4008", "showing all events", NULL, false},
    {"ports_down", PORTS, "3", "{Down}", "dnsmasq", NULL, NULL, false},
    {"ports_down_by_letter", PORTS, "3", "j", "dnsmasq", NULL, NULL, false},
    {"ports_up", PORTS, "3jj", "{Up}", "dnsmasq", NULL, NULL, false},
    {"ports_up_by_letter", PORTS, "3jj", "k", "dnsmasq", NULL, NULL, false},
    {"ports_page_down", PORTS, "3", "{PgDn}", "api(4101)", NULL, NULL, false},
    {"ports_page_up", PORTS, "3G", "{PgUp}", "[::]:22", NULL, NULL, false},
    {"ports_last", PORTS, "3", "{End}", "api(4101)", NULL, NULL, false},
    {"ports_last_by_letter", PORTS, "3", "G", "api(4101)", NULL, NULL, false},
    {"ports_first", PORTS, "3G", "{Home}", "[::]:22", NULL, NULL, false},
    {"ports_first_by_letter", PORTS, "3G", "g", "[::]:22", NULL, NULL, false},
    {"ports_sort", PORTS, "3jj", "s", "127.0.0.1:3000", NULL, NULL, false},
    {"ports_sort_by_process", PORTS, "3", "s", "?", NULL, NULL, false},
    {"ports_reverse", PORTS, "3", "r", ":40000", NULL, NULL, false},
    {"ports_show_flows", PORTS, "3jj", "{Enter}", ":40040", "/port:3000", NULL, false},
    {"about_down", ABOUT, "4", "{Down}", NULL, "not known", NULL, true},
    {"about_down_by_letter", ABOUT, "4", "j", NULL, "not known", NULL, true},
    {"about_up", ABOUT, "4", "{Up}", NULL, "not known", NULL, true},
    {"about_up_by_letter", ABOUT, "4", "k", NULL, "not known", NULL, true},
    {"about_page_down", ABOUT, "4", "{PgDn}", NULL, "not known", NULL, true},
    {"about_page_up", ABOUT, "4", "{PgUp}", NULL, "not known", NULL, true},
    {"about_first", ABOUT, "4", "{Home}", NULL, "not known", NULL, true},
    {"about_first_by_letter", ABOUT, "4", "g", NULL, "not known", NULL, true},
    {"about_last", ABOUT, "4", "{End}", NULL, "not known", NULL, true},
    {"about_last_by_letter", ABOUT, "4", "G", NULL, "not known", NULL, true},
    {"help_left_by_enter", PAGE, "h", "{Enter}", NULL, "FAILURES", "KEYS", false},
    {"help_left", PAGE, "h", "h", NULL, "FAILURES", "KEYS", false},
    {"help_left_by_question_mark", PAGE, "h", "?", NULL, "FAILURES", "KEYS", false},
    {"help_left_by_q", PAGE, "h", "q", NULL, "FAILURES", "KEYS", false},
    {"help_left_by_escape", PAGE, "h", "{Esc}", NULL, "FAILURES", "KEYS", false},
    {"help_down", PAGE, "h", "{Down}", NULL, "show this help", "KEYS", false},
    {"help_down_by_letter", PAGE, "h", "j", NULL, "show this help", "KEYS", false},
    {"help_up", PAGE, "hj", "{Up}", NULL, "KEYS", NULL, false},
    {"help_up_by_letter", PAGE, "hj", "k", NULL, "KEYS", NULL, false},
    {"help_page_down", PAGE, "h", "{PgDn}", NULL, "go back through", "show this help", false},
    {"help_page_up", PAGE, "h{PgDn}", "{PgUp}", NULL, "KEYS", NULL, false},
    {"help_last", PAGE, "h", "{End}", NULL, "Zeek's history, one letter", "KEYS", false},
    {"help_last_by_letter", PAGE, "h", "G", NULL, "HISTORY", "KEYS", false},
    {"help_first", PAGE, "hG", "{Home}", NULL, "KEYS", NULL, false},
    {"help_first_by_letter", PAGE, "hG", "g", NULL, "KEYS", NULL, false},
    {"help_redraw", PAGE, "hj", "{Ctrl-L}", NULL, "show this help", "KEYS", true},
};

/* A place is typed: "t" opens the line. */
static const struct row seek_rows[] = {
    {"place_typed", SEEK, "t", "5", NULL, "go to 5 ", NULL, false},
    {"place_erased", SEEK, "t50", "{Backspace}", NULL, "go to 5 ", "go to 50", false},
    {"place_line_closes", SEEK, "t", "{Backspace}", NULL, "paused", "go to  ", false},
    {"place_erased_whole", SEEK, "t50", "{Ctrl-U}", NULL, "go to  ", "go to 5", false},
    {"place_redraw", SEEK, "t5", "{Ctrl-L}", NULL, "go to 5 ", NULL, true},
    {"place_dropped", SEEK, "t50%", "{Esc}", NULL, "paused", "go to 50%", false},
};

/* What keys ask of a file that is played. */
static const struct wish_row {
    const char *name;
    int context;
    const char *before, *key;
    enum screen_request_kind kind;
    double number;
    const char *text;
} wish_rows[] = {
    {"play", REPLAY, "", "p", SCREEN_REQUEST_PLAY, 0, ""},
    {"play_on_a_page", REPLAY, "h", "{Space}", SCREEN_REQUEST_PLAY, 0, ""},
    {"slower", REPLAY, "", "[", SCREEN_REQUEST_SPEED, -1, ""},
    {"faster", REPLAY, "", "]", SCREEN_REQUEST_SPEED, 1, ""},
    {"step", REPLAY, "", ".", SCREEN_REQUEST_STEP, TRANSPORT_STEP_PACKET, ""},
    {"step_back", REPLAY, "", ",", SCREEN_REQUEST_STEP, TRANSPORT_STEP_BACK, ""},
    {"step_event", REPLAY, "", ";", SCREEN_REQUEST_STEP, TRANSPORT_STEP_EVENT, ""},
    {"next_failure", REPLAY, "", "}", SCREEN_REQUEST_SEEK, 0, "next"},
    {"failure_before", REPLAY, "", "{{}", SCREEN_REQUEST_SEEK, 0, "previous"},
    {"further", REPLAY, "", "{Right}", SCREEN_REQUEST_SEEK, 0, "+1%"},
    {"back", REPLAY, "", "{Left}", SCREEN_REQUEST_SEEK, 0, "-1%"},
    {"go_to", SEEK, "t50%", "{Enter}", SCREEN_REQUEST_SEEK, 0, "50%"},
    {"go_to_nothing", REPLAY, "t", "{Enter}", SCREEN_REQUEST_NONE, 0, ""},
    {"line_opens", REPLAY, "", "t", SCREEN_REQUEST_NONE, 0, ""},
};

static const struct transport_state transport = {
    .mode = TRANSPORT_PAUSED,
    .speed = 1,
    .place_ns = 5 * CLOCK_NS_PER_S,
    .time_ns = WORLD_BEGIN_NS + 5 * CLOCK_NS_PER_S,
    .end_ns = 10 * CLOCK_NS_PER_S,
    .packets = 50,
    .known = 100,
    .is_known_whole = true,
    .density = &(const struct density){0},
};

static void expect_text(const char *text, const char *part, bool present)
{
    if (part && (strstr(text, part) != NULL) != present)
        fail_msg("\"%s\" %s in:\n%s", part, present ? "is not" : "is", text);
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    struct port_list *ports = pages_ports(world->status.now_ns);
    world->status.ports = ports;
    world_draw(world);
    (void)world_press(world, row->before);
    char *before = grid_dump(&world->grid);
    assert_int_equal(world_press(world, row->key), SCREEN_STAY);
    char *after = grid_dump(&world->grid);
    char marked[WORLD_TEXT_MAX];
    world_marked(world, marked);
    expect_text(marked, row->marked, true);
    expect_text(after, row->shown, true);
    expect_text(after, row->missing, false);
    if (row->same)
        assert_string_equal(before, after);
    free(before);
    free(after);
    free(ports);
    world_close(world);
}

static void test_seek_row(void **state)
{
    const struct row *row = *state;
    struct world *world = world_open(80, 24, true);
    world->status.live = false;
    world->status.transport = &transport;
    world_draw(world);
    (void)world_press(world, row->before);
    char *before = grid_dump(&world->grid);
    (void)world_press(world, row->key);
    char *after = grid_dump(&world->grid);
    expect_text(after, row->shown, true);
    expect_text(after, row->missing, false);
    if (row->same)
        assert_string_equal(before, after);
    free(before);
    free(after);
    world_close(world);
}

static void test_wish(void **state)
{
    const struct wish_row *row = *state;
    struct world *world = world_open(80, 24, true);
    struct screen_request request = {.kind = SCREEN_REQUEST_NONE};
    world->status.live = false;
    world->status.transport = &transport;
    world_draw(world);
    (void)world_press(world, row->before);
    assert_false(screen_take_request(world->screen, &request));
    (void)world_press(world, row->key);
    assert_int_equal(screen_take_request(world->screen, &request), row->kind != 0);
    assert_int_equal(request.kind, row->kind);
    if (row->kind != SCREEN_REQUEST_NONE) {
        assert_true(request.number == row->number);
        assert_string_equal(request.text, row->text);
    }
    assert_false(screen_take_request(world->screen, &request));
    world_close(world);
}

static void test_quit(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    for (const char *tab = "1234"; *tab != '\0'; tab++) {
        const char keys[] = {*tab, 'q', '\0'};
        assert_int_equal(world_press(world, keys), SCREEN_QUIT);
    }
    (void)world_press(world, "1");
    assert_int_equal(world_press(world, "hq"), SCREEN_STAY);
    assert_int_equal(world_press(world, "/q"), SCREEN_STAY);
    world_close(world);
}

static bool presses(const char *key, const char *name)
{
    char braced[32];
    (void)snprintf(braced, sizeof braced, "{%s}", name);
    return strcmp(key, name) == 0 || strcmp(key, braced) == 0;
}

static void test_every_key_has_a_row(void **state)
{
    (void)state;
    static const struct {
        int contexts;
        uint32_t code;
        const char *name;
    } keys[] = {
#define KEY(contexts, code, NAME, name) {contexts, code, name},
#include "ui/key.def"
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        int pressed = keys[i].code == 'q' ? LIST | EVENTS | PORTS | ABOUT : 0; /* test_quit */
        for (size_t j = 0; j < COUNT(rows); j++)
            pressed |= presses(rows[j].key, keys[i].name) ? rows[j].context : 0;
        for (size_t j = 0; j < COUNT(seek_rows); j++)
            pressed |= presses(seek_rows[j].key, keys[i].name) ? seek_rows[j].context : 0;
        for (size_t j = 0; j < COUNT(wish_rows); j++)
            pressed |= presses(wish_rows[j].key, keys[i].name) ? wish_rows[j].context : 0;
        if ((pressed & keys[i].contexts) != keys[i].contexts)
            fail_msg("no row presses %s everywhere", keys[i].name);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_row);
    ROWS_ADD(&set, seek_rows, test_seek_row);
    ROWS_ADD(&set, wish_rows, test_wish);
    ROWS_ADD_ONE(&set, test_quit);
    ROWS_ADD_ONE(&set, test_every_key_has_a_row);
    return rows_run(&set, "ui_keys");
}
