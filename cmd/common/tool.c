#include "common/tool.h"

#include <jansson.h>

#include "base/complete.h"
#include "base/zst.h"
#include "basin/file.h"
#include "common/shell.h"
#include "s2/http.h"
#include "s2/wire.h"

#define TEXT_MAX ((size_t)1 << 16)

static int add_help(const struct tool *tool, struct buf *out)
{
    if (buf_addstr(out, tool->usage) != 0 ||
        opt_help(tool->table, tool->n, out) != 0)
        return -1;
    return buf_addstr(out, tool->ending);
}

static int add_versions(const struct tool *tool, struct buf *out)
{
    if (buf_addf(out, "%s %s\n", tool->name, VERSION) != 0)
        return -1;
    if (tool->websocket != NULL &&
        buf_addf(out, "libwebsockets %s\n", tool->websocket()) != 0)
        return -1;
    return buf_addf(out,
                    "libcurl %s\n"
                    "jansson %s\n"
                    "protobuf-c %s\n"
                    "zstd %s\n"
                    "SQLite %s\n",
                    http_library(), jansson_version_str(), wire_library(),
                    zst_library(), file_library());
}

bool tool_answers(const struct tool *tool, const struct general_options *asked,
                  int *status)
{
    struct buf text = BUF_INIT(TEXT_MAX);
    int rc;

    if (asked->help)
        rc = add_help(tool, &text);
    else if (asked->version)
        rc = add_versions(tool, &text);
    else if (asked->completion != GENERAL_NO_SHELL)
        rc = complete_script(tool->table, tool->n, tool->name,
                             (enum complete_shell)asked->completion, &text);
    else
        return false;
    *status = shell_print(rc, &text);
    return true;
}
