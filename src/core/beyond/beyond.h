/* What uvstream.h puts on streams that are there already: being told of a hang-up (hangup.c), limits of
 * time (deadline.c), and reads as requests (reads.c). It stands on the streams and is called by them
 * through their list of extras; nobody stands on it but the program, and who does not ask for it has none
 * of it linked. */
#ifndef UV__BEYOND_H_
#define UV__BEYOND_H_

#include "core/stream/stream.h"
#include "uvstream.h"

#endif /* UV__BEYOND_H_ */
