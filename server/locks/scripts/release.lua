-- Give locks back. KEYS: the locks; ARGV: for each the value that it was taken with. A lock that has
-- another value by now belongs to somebody else, or was taken again since: it stays.
for number, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[number] then
    redis.call('DEL', key)
  end
end
return redis.status_reply('OK')
