#include "version.h"

#include <jansson.h>

#include "base/zst.h"
#include "basin/file.h"
#include "s2/http.h"
#include "s2/wire.h"

int version_text(struct buf *out)
{
    return buf_addf(out,
                    "s2tail %s\n"
                    "libcurl %s\n"
                    "jansson %s\n"
                    "protobuf-c %s\n"
                    "zstd %s\n"
                    "SQLite %s\n",
                    VERSION, http_library(), jansson_version_str(),
                    wire_library(), zst_library(), file_library());
}
