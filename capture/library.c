#include "capture/library.h"

#include <pcap/pcap.h>
#include <zlib.h>
#include <zstd.h>

void text_add_capture_libraries(struct text *text)
{
    text_add_string(text, pcap_lib_version());
    text_add_string(text, ", zlib ");
    text_add_string(text, zlibVersion());
    text_add_string(text, ", zstd ");
    text_add_string(text, ZSTD_versionString());
}
