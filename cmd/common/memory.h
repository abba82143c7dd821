/*
 * Want of memory within libraries.  They are not to be trusted with it: when
 * an allocation fails amid a text, libjansson 2.14 may leave a character out,
 * or call good JSON broken; SQLite and libcurl say that the disk or the network
 * has failed; libcrypto 3.0 may follow NULL.  So it ends the program there and
 * then, which the streams survive as they do a kill.
 *
 * The one thing here that is global is what to do then: most allocators have
 * no argument.
 */
#ifndef COMMON_MEMORY_H
#define COMMON_MEMORY_H

/*
 * memory_guard(end): from now on ${end} is called when an allocation fails in
 * libjansson, SQLite, libcurl, libcrypto or libwebsockets; it must not return,
 * nor use any of them, nor need memory.  Once, before the first use of any of
 * them.
 */
void memory_guard(void (*end)(void));

#endif
