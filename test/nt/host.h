/* What the model needs of the machine that it really runs on: threads and their baton, memory, and
 * what sanitizers offer. The only file of the model that sees the system's own headers is host.c. */
#ifndef NT_HOST_H_
#define NT_HOST_H_

#include <stddef.h>
#include <stdint.h>

/* A gate that one thread waits at until another opens it. Sanitizers do not see it: passing the
 * baton orders nothing for the program, so that ThreadSanitizer still finds the races between
 * threads that never ran at the same time. */
struct host_gate {
  int open;
};
void host_gate_wait(struct host_gate* gate);
void host_gate_open(struct host_gate* gate);

/* A real thread, joined by host_thread_join. */
void* host_thread_start(void (*fn)(void* arg), void* arg, size_t stack);
void host_thread_join(void* thread);

/* Which of the model's threads the calling one is. */
void* host_self(void);
void host_set_self(void* self);

/* What one thread wrote before `release` another sees after `acquire` of the same address: for what
 * really orders threads (locks, events, packets). */
void host_release(void* address);
void host_acquire(void* address);

void* host_alloc(size_t size); /* cleared */
void host_free(void* block);
/* Whole pages, cleared, which may be taken away and given back; NULL: the machine has none. */
void* host_pages(size_t size);
int host_pages_hide(void* pages, size_t size, int hidden);
int host_pages_free(void* pages, size_t size);

/* Under AddressSanitizer: memory that the program must not touch. `host_is_poisoned` says whether
 * it still is as host_poison left it: 0 when it was freed, or given out again. */
void host_poison(const void* at, size_t size);
void host_unpoison(const void* at, size_t size);
int host_is_poisoned(const void* at);
int host_can_poison(void);

/* A program as a new process has it: another copy of the code and, above all, of the variables of this
 * one, which the build makes beside it (see CMakeLists.txt); its main function. Stays until this
 * program ends. NULL: there is none. */
typedef int (*host_main)(int argc, char** argv);
host_main host_program_load(void);
/* The path of this program, and the words that it was called with; NULL: no more. */
const char* host_program_path(void);
const char* host_program_word(unsigned index);

/* Goes on in a child (1) and, when that has ended, here (0) with its exit code. */
int host_try(int* status);

void host_backtrace(void);
_Noreturn void host_exit(int status);
void host_print(const char* line);
const char* host_env(const char* name);
const char* host_variable(unsigned index); /* "NAME=value"; NULL: no more */
/* Addresses as text: 1 when it is one. */
int host_parse_address(const char* text, int is_six, unsigned char* bytes);
void host_print_address(const unsigned char* bytes, int is_six, char* text, size_t size);
size_t host_random(void* to, size_t size);
int host_errno(void);
void host_set_errno(int value);

#endif /* NT_HOST_H_ */
