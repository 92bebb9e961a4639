/*
 * gen: makes schedule records for measurements, the same ones for the same seed.
 *
 *   gen ndjson|csv|update ROWS [SEED]     about 397 bytes a record as NDJSON
 *
 * `update` is the same as `ndjson` with one row in a hundred changed, for sync-diff.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

/* splitmix64, by Sebastiano Vigna's published constants */
static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static unsigned upto(unsigned n)
{
	return (unsigned)(next() >> 33) % n;
}

static const char *const teams[] = {
	"Arsenal FC", "Aston Villa FC", "AFC Bournemouth", "Brentford FC", "Brighton & Hove Albion FC", "Chelsea FC",
	"Crystal Palace FC", "Everton FC", "Fulham FC", "Ipswich Town FC", "Leicester City FC", "Liverpool FC",
	"Borussia M\xc3\xb6nchengladbach", "FC Bayern M\xc3\xbcnchen", "1. FC K\xc3\xb6ln", "RB Leipzig", "SC Freiburg",
	"West Ham United FC", "Wolverhampton Wanderers FC", "Tottenham Hotspur FC",
};
static const char *const cities[] = { "London", "Birmingham", "Liverpool", "Manchester", "Leipzig", "Freiburg", "K\xc3\xb6ln" };
static const char *const statuses[] = { "scheduled", "confirmed", "postponed", "played" };
enum { TEAMS = sizeof teams / sizeof *teams, CITIES = sizeof cities / sizeof *cities };

struct game {
	unsigned id, round, home, away, venue, city, capacity, month, day, hour, status, attendance, ht[2], ft[2], referee, price;
};

static struct game make(unsigned i)
{
	struct game g = { .id = 1000000 + i };

	g.round = 1 + upto(38);
	g.home = upto(TEAMS);
	g.away = (g.home + 1 + upto(TEAMS - 1)) % TEAMS;
	g.venue = upto(900);
	g.city = upto(CITIES);
	g.capacity = 15000 + upto(60000);
	g.month = 1 + upto(12);
	g.day = 1 + upto(28);
	g.hour = 12 + upto(9);
	g.status = upto(4);
	g.attendance = upto(g.capacity);
	g.ht[0] = upto(3);
	g.ht[1] = upto(3);
	g.ft[0] = g.ht[0] + upto(3);
	g.ft[1] = g.ht[1] + upto(3);
	g.referee = upto(5000);
	g.price = 2000 + upto(9000);
	return g;
}

static void put_json(const struct game *g)
{
	printf("{\"id\":%u,\"season\":\"2024-25\",\"league\":\"en.1\",\"round\":%u,\"home\":\"%s\",\"away\":\"%s\","
	       "\"kickoff\":\"2024-%02u-%02uT%02u:00:00Z\",\"status\":\"%s\",\"venue\":{\"id\":\"v-%04u\",\"city\":\"%s\",\"capacity\":%u},"
	       "\"attendance\":%u,\"score\":{\"ht\":[%u,%u],\"ft\":[%u,%u]},\"referee\":\"referee-%04u\","
	       "\"contact\":\"fixtures@team%02u.example\",\"price\":%u.%02u,\"updated_at\":\"2024-%02u-%02uT18:03:12Z\",\"note\":null}\n",
	       g->id, g->round, teams[g->home], teams[g->away], g->month, g->day, g->hour, statuses[g->status], g->venue,
	       cities[g->city], g->capacity, g->attendance, g->ht[0], g->ht[1], g->ft[0], g->ft[1], g->referee, g->home,
	       g->price / 100, g->price % 100, g->month, g->day);
}

static void put_csv(const struct game *g)
{
	printf("%u,2024-25,en.1,%u,%s,%s,2024-%02u-%02uT%02u:00:00Z,%s,v-%04u,%s,%u,%u,%u-%u,%u-%u,referee-%04u,"
	       "fixtures@team%02u.example,%u.%02u,2024-%02u-%02uT18:03:12Z,\n",
	       g->id, g->round, teams[g->home], teams[g->away], g->month, g->day, g->hour, statuses[g->status], g->venue,
	       cities[g->city], g->capacity, g->attendance, g->ht[0], g->ht[1], g->ft[0], g->ft[1], g->referee, g->home,
	       g->price / 100, g->price % 100, g->month, g->day);
}

int main(int argc, char **argv)
{
	unsigned rows, i;
	struct game g;
	int csv, update;

	if (argc < 3 || argc > 4) {
		fputs("usage: gen ndjson|csv|update ROWS [SEED]\n", stderr);
		return 2;
	}
	csv = !strcmp(argv[1], "csv");
	update = !strcmp(argv[1], "update");
	rows = (unsigned)strtoul(argv[2], NULL, 10);
	state = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	if (csv)
		puts("id,season,league,round,home,away,kickoff,status,venue_id,city,capacity,attendance,ht,ft,referee,contact,price,"
		     "updated_at,note");
	for (i = 0; i < rows; i++) {
		g = make(i);
		if (update && i % 100 == 37)
			g.status = (g.status + 1) % 4;
		if (csv)
			put_csv(&g);
		else
			put_json(&g);
	}
	return fflush(stdout) || ferror(stdout) ? 3 : 0;
}
