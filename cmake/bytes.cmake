# cmake -DFROM=file -DTO=file.c -P bytes.cmake: the file as the C array of host/tracer_program.h.
file(READ ${FROM} HEX HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," HEX ${HEX})
string(REGEX REPLACE "((0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,)(0x..,))" "\\1\n" HEX ${HEX})
file(WRITE ${TO} "#include \"host/tracer_program.h\"\n
const unsigned char tracer_program[] = {\n${HEX}};
const size_t tracer_program_size = sizeof tracer_program;\n")
