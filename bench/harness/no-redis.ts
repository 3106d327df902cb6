/** Said where there is nothing to compare with. */
export const NO_REDIS =
  'There is no redis-server on this machine, so BullMQ was not measured (Debian: apt-get install redis-server).';
