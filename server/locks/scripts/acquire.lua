-- Take the locks of each group, all or none. KEYS: every lock that a group needs, once each.
-- ARGV: the owner's name as it begins a value, the value to set, how long it lives in ms, and then
-- for each group how many locks it needs and their numbers in KEYS. Returns 1 or 0 for each group.
local owner, value, ttl = ARGV[1], ARGV[2], ARGV[3]
local free = {}

local function is_free(number)
  local known = free[number]
  if known == nil then
    local holder = redis.call('GET', KEYS[number])
    known = not holder or string.sub(holder, 1, #owner) == owner
    free[number] = known
  end
  return known
end

local answers, at, last, set = {}, 4, #ARGV, {}
while at <= last do
  local count, granted = tonumber(ARGV[at]), 1
  for place = at + 1, at + count do
    if not is_free(tonumber(ARGV[place])) then
      granted = 0
      break
    end
  end
  if granted == 1 then
    for place = at + 1, at + count do
      local number = tonumber(ARGV[place])
      if not set[number] then
        redis.call('SET', KEYS[number], value, 'PX', ttl)
        set[number] = true
      end
    end
  end
  answers[#answers + 1] = granted
  at = at + count + 1
end
return answers
