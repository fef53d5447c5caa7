# A build for Linux in which the loop waits with kqueue: the model of one (kqueue/model.c), and a
# system that does not say that it is Linux (kqueue/unlike_linux.h), so that what the library does on
# macOS and the BSDs runs here, as far as POSIX and glibc can stand in for them. What is the BSDs'
# alone (sysctl, the names of their files) does not. Included by the top, before its own targets.

set(kqueue_dir ${CMAKE_CURRENT_LIST_DIR}/kqueue)
add_library(uvtest_kqueue STATIC ${kqueue_dir}/model.c ${kqueue_dir}/condition.c
                                 ${kqueue_dir}/unlike_linux.c)
target_include_directories(uvtest_kqueue PUBLIC ${kqueue_dir})
target_compile_features(uvtest_kqueue PRIVATE c_std_11)
target_link_libraries(uvtest_kqueue PUBLIC Threads::Threads)
# What becomes of a descriptor becomes of the filters that watch it; and see unlike_linux.c.
foreach(call close connect fstat poll shutdown)
  target_link_options(uvtest_kqueue INTERFACE LINKER:--wrap=${call})
endforeach()

# For all that is made from here on.
add_compile_options(-U__linux__ -U__linux -U__gnu_linux__ -include ${kqueue_dir}/unlike_linux.h)
add_compile_definitions(UVTEST_KQUEUE)
