/* A Windows console that a test has for itself, without a window. */
#ifndef TEST_CONSOLE_H_
#define TEST_CONSOLE_H_

/* Plays the rest of the test in a child with a console of its own: 1 in that child. 0 in the
 * parent, when the child has ended well; a failure of the child is one of the test. */
int console_child(const char* test);

#endif /* TEST_CONSOLE_H_ */
