/* The C library of Visual Studio, as far as the sources here use it: names, types and values as
 * Microsoft documents them, for tools/dialect.py, which compiles and never links. */
#include <stddef.h>

#undef assert
#ifdef NDEBUG
#  define assert(truth) ((void) 0)
#else
void __cdecl _wassert(const wchar_t* text, const wchar_t* file, unsigned line);
#  define NT_WIDE_2(text) L##text
#  define NT_WIDE(text) NT_WIDE_2(text)
#  define assert(truth) \
    (void) ((!!(truth)) || (_wassert(NT_WIDE(#truth), NT_WIDE(__FILE__), __LINE__), 0))
#endif

#define static_assert _Static_assert
