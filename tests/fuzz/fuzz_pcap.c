/* Any bytes as a capture: our reader of plain pcap files and libpcap say the same about them. */
#include "tests/fuzz/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    (void)readers_check(bytes, len);
    return 0;
}
