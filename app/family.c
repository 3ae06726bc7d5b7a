#include "app/family.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "host/forks.h"
#include "host/process.h"

#define PIDS_MAX      (4u << 20) /* PID_MAX_LIMIT of the kernel */
#define CHILDREN_MAX  512u       /* of one process, that a walk follows */
#define WALK_MAX      4096u      /* processes of one walk down */
#define ANCESTORS_MAX 256u       /* of one walk up */

struct family {
    struct forks *forks; /* NULL: the kernel does not tell */
    pid_t root;          /* 0: not there yet */
    pid_t self;
    bool is_told;    /* the kernel told of the root: it tells of the others as well */
    bool lost;       /* of what the kernel told, something found no room */
    uint8_t *member; /* bits */
    pid_t walk[WALK_MAX];
};

int family_open(struct family **family, struct err *err)
{
    struct err trouble;
    struct family *opened = calloc(1, sizeof *opened);
    *family = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory to follow processes; close other programs");
    opened->member = calloc(PIDS_MAX / 8, 1);
    if (!opened->member)
        return err_set(err, ENOMEM, "no memory to follow processes; close other programs");
    opened->self = getpid();
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    (void)forks_open(&opened->forks, &trouble);
    return 0;
}

void family_close(struct family *family)
{
    if (!family)
        return;
    forks_close(family->forks);
    free(family->member);
    free(family);
}

static bool get(const struct family *family, pid_t pid)
{
    return pid > 0 && (uint32_t)pid < PIDS_MAX && (family->member[pid / 8] >> (pid % 8) & 1);
}

static void set(struct family *family, pid_t pid, bool is_member)
{
    if (pid <= 0 || (uint32_t)pid >= PIDS_MAX)
        return;
    uint8_t bit = (uint8_t)(1u << pid % 8);
    if (is_member)
        family->member[pid / 8] |= bit;
    else
        family->member[pid / 8] &= (uint8_t)~bit;
}

/* A pid that is given away again belongs to whoever has it now. */
static void take_fork(void *context, pid_t parent, pid_t child)
{
    struct family *family = context;
    if (child == family->root && family->root != 0)
        family->is_told = true;
    /* A child of our own is the root, or was made by one that is gone (CLONE_PARENT). */
    set(family, child, parent == family->self || get(family, parent));
}

void family_begin(struct family *family, pid_t root)
{
    family->root = root;
    set(family, root, true);
    family_poll(family);
}

void family_poll(struct family *family)
{
    if (family->forks && !forks_read(family->forks, take_fork, family))
        family->lost = true;
}

/* Do the parents lead to us? False in `known`: the process or one of them is gone. */
static bool is_descendant(const struct family *family, pid_t pid, bool *known)
{
    struct process_stat stat;
    for (unsigned step = 0; step < ANCESTORS_MAX; step++) {
        *known = process_read_stat(pid, &stat);
        if (!*known || stat.parent == 0)
            return false;
        if (stat.parent == family->self)
            return true;
        pid = stat.parent;
    }
    return false;
}

bool family_is_complete(const struct family *family)
{
    return family->is_told && !family->lost;
}

bool family_has(struct family *family, pid_t pid)
{
    bool known = false;
    if (family_is_complete(family) || pid <= 0)
        return get(family, pid);
    bool is_member = is_descendant(family, pid, &known);
    if (known)
        set(family, pid, is_member);
    return get(family, pid);
}

/* From us down the tree. */
void family_tick(struct family *family)
{
    family_poll(family);
    if (family->root == 0 || family_is_complete(family))
        return;
    uint32_t count = 1;
    bool told = true;
    family->walk[0] = family->self;
    for (uint32_t at = 0; at < count; at++) {
        uint32_t room = WALK_MAX - count < CHILDREN_MAX ? WALK_MAX - count : CHILDREN_MAX;
        pid_t *children = family->walk + count;
        uint32_t found = (uint32_t)process_children(family->walk[at], children, room, &told);
        for (uint32_t child = 0; child < found; child++)
            set(family, children[child], true);
        count += found;
    }
}
