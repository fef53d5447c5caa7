/* What every C program weighs; see size_echo.c. */
int main(void) {
  return 0;
}
