#include "app/config.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/owner.h"

#define PLACE "loflow/config"

/* Where it is, as was known while this was still the process of sudo. */
static char noted[CONFIG_PATH_MAX];

void config_note_path(const struct options *options)
{
    config_path(options, noted);
}

void config_path(const struct options *options, char path[CONFIG_PATH_MAX])
{
    if (noted[0] != '\0') {
        memcpy(path, noted, sizeof noted);
        return;
    }
    struct text text = text_begin(path, CONFIG_PATH_MAX);
    const struct passwd *sudoer =
        owner_user() != (uid_t)-1 && !options->config_path ? getpwuid(owner_user()) : NULL;
    const char *folder = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    if (options->config_path)
        text_add_string(&text, options->config_path);
    else if (sudoer)
        text_add(&text, "%s/.config/" PLACE, sudoer->pw_dir);
    else if (folder && folder[0] == '/')
        text_add(&text, "%s/" PLACE, folder);
    else if (home && home[0] == '/')
        text_add(&text, "%s/.config/" PLACE, home);
}

/* Opens it as the user behind sudo would: root must not be led, by a link or a folder, to what that user
 * may not read. */
static int open_as_owner(const char *path)
{
    uid_t user = owner_user();
    gid_t group = owner_group();
    bool lowered = user != (uid_t)-1;
    gid_t own_group = getegid();
    uid_t own_user = geteuid();
    if (lowered && ((group != (gid_t)-1 && setegid(group) != 0) || seteuid(user) != 0)) {
        (void)!setegid(own_group);
        errno = EPERM;
        return -1;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int code = errno;
    if (lowered && (seteuid(own_user) != 0 || setegid(own_group) != 0))
        abort(); /* half of the rights of two users is what nobody wants */
    errno = code;
    return fd;
}

/* The groups of root stay, so what is opened must be the user's own, or for everybody to read. */
static int check_file(int fd, struct err *err)
{
    struct stat seen;
    uid_t user = owner_user() != (uid_t)-1 ? owner_user() : geteuid();
    if (fstat(fd, &seen) != 0)
        return err_set(err, errno, "it cannot be read: %s", strerror(errno));
    if (!S_ISREG(seen.st_mode))
        return err_set(err, EINVAL, "it is no regular file");
    if (seen.st_uid != user && !(seen.st_uid == 0 && seen.st_mode & S_IROTH))
        return err_set(err, EPERM, "it belongs to another user");
    if (seen.st_size > CONFIG_SIZE_MAX)
        return err_set(err, EFBIG, "it is larger than %d bytes", CONFIG_SIZE_MAX);
    return 0;
}

/* Returns the bytes read, or -errno. */
static ssize_t read_file(const char *path, char text[CONFIG_SIZE_MAX], struct err *err)
{
    int fd = open_as_owner(path);
    if (fd < 0)
        return err_set(err, errno, "it cannot be read: %s", strerror(errno));
    ssize_t failed = check_file(fd, err);
    ssize_t len = 0;
    ssize_t got = 0;
    while (!failed && len < CONFIG_SIZE_MAX &&
           (got = read(fd, text + len, (size_t)(CONFIG_SIZE_MAX - len))) > 0)
        len += got;
    if (got < 0)
        failed = err_set(err, errno, "it cannot be read: %s", strerror(errno));
    (void)close(fd);
    return failed ? failed : len;
}

static unsigned tell_trouble(const char *path, const struct err *err, preferences_tell *tell,
                             void *context)
{
    char sentence[ERR_TEXT_MAX + CONFIG_PATH_MAX];
    struct text text = text_begin(sentence, sizeof sentence);
    text_add(&text, "configuration %s: %s", path, err->text);
    tell(context, sentence);
    return 1;
}

static void take_options(struct preferences *preferences, const struct options *options)
{
    if (options->theme_chosen)
        preferences->theme = options->theme;
    preferences->theme_chosen = preferences->theme_chosen || options->theme_chosen;
    preferences->mouse = preferences->mouse && !options->no_mouse;
}

unsigned config_load(struct preferences *preferences, const struct options *options,
                     preferences_tell *tell, void *context)
{
    char path[CONFIG_PATH_MAX];
    struct err err;
    preferences_begin(preferences);
    preferences->theme = theme_for_background(getenv("COLORFGBG"));
    config_path(options, path);
    char *text = path[0] != '\0' ? malloc(CONFIG_SIZE_MAX) : NULL;
    unsigned wrong = 0;
    if (path[0] != '\0' && !text) {
        (void)err_set(&err, ENOMEM, "no memory to read it; close other programs");
        wrong = tell_trouble(path, &err, tell, context);
    }
    if (text) {
        ssize_t len = read_file(path, text, &err);
        bool is_missing = len == -ENOENT && !options->config_path;
        if (len > 0)
            wrong = preferences_read(preferences, text, (size_t)len, tell, context);
        else if (len < 0 && !is_missing)
            wrong = tell_trouble(path, &err, tell, context);
    }
    free(text);
    take_options(preferences, options);
    return wrong;
}

static void print_sentence(void *context, const char *sentence)
{
    (void)context;
    char line[ERR_TEXT_MAX * 4];
    struct text text = text_begin(line, sizeof line);
    text_add_untrusted(&text, sentence, strlen(sentence));
    (void)puts(line);
}

bool config_check(const struct options *options)
{
    struct preferences preferences;
    return config_load(&preferences, options, print_sentence, NULL) == 0;
}
