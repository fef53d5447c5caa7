/* Two versions: the libuv API level this header follows, and the library's own. */
#ifndef UV_VERSION_H_
#define UV_VERSION_H_

#define UV_VERSION_MAJOR 1
#define UV_VERSION_MINOR 53
#define UV_VERSION_PATCH 0
#define UV_VERSION_IS_RELEASE 1
#define UV_VERSION_SUFFIX ""
#define UV_VERSION_HEX ((UV_VERSION_MAJOR << 16) | (UV_VERSION_MINOR << 8) | (UV_VERSION_PATCH))

#define UVSTREAM_VERSION_MAJOR 0
#define UVSTREAM_VERSION_MINOR 1
#define UVSTREAM_VERSION_PATCH 0
#define UVSTREAM_VERSION_STRING "0.1.0"

#endif /* UV_VERSION_H_ */
