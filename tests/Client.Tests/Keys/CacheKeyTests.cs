using System.Globalization;
using System.Text;

namespace OrleansCache.Keys;

public class CacheKeyTests
{
    [Theory]
    [InlineData("a:b")]
    [InlineData(":")]
    [InlineData("%")]
    [InlineData("%3A")]
    [InlineData("%25")]
    [InlineData("%253A:%")]
    [InlineData("%sha256-00")]
    [InlineData("a/b?c=d&e#f")]
    [InlineData(" spaces \t and\nlines ")]
    [InlineData("日本語:ключ:🗝")]
    public void A_key_comes_back_as_it_was_given(string text)
    {
        var key = CacheKey.Of("re:gion", text);

        Assert.Equal(text, key.Key);
        Assert.Equal("re:gion", key.Region);
        var again = CacheKey.OfGrain(key.GrainKey);
        Assert.Equal((text, "re:gion", key), (again.Key, again.Region, again));
    }

    [Fact]
    public void The_last_colon_divides_region_and_key()
    {
        var key = CacheKey.Of("shop:1.0:partner:country", "a:b");

        Assert.Equal("shop:1.0:partner:country:a%3Ab", key.GrainKey);
        Assert.Equal("shop:1.0:partner:country", CacheKey.RegionOf(key.GrainKey));
    }

    [Theory]
    [InlineData("a", "b:c", "a:b", "c")]
    [InlineData("a", "b%3Ac", "a", "b:c")]
    [InlineData("a:", "b", "a", ":b")]
    [InlineData("a", "%", "a", "%25")]
    public void Two_names_are_never_one_key(string region, string key, string otherRegion, string otherKey)
    {
        Assert.NotEqual(CacheKey.Of(region, key), CacheKey.Of(otherRegion, otherKey));
    }

    [Fact]
    public void No_two_pairs_of_short_texts_over_the_separators_are_one_key()
    {
        string[] alphabet = ["a", ":", "%", "2", "5", "3", "A"];
        var texts = alphabet
            .Concat(from x in alphabet from y in alphabet select x + y)
            .Concat(from x in alphabet from y in alphabet from z in alphabet select x + y + z)
            .ToArray();
        var seen = new HashSet<string>(StringComparer.Ordinal);

        foreach (var region in texts[..56])
        {
            foreach (var key in texts)
                Assert.True(seen.Add(CacheKey.Of(region, key).GrainKey), $"'{region}' and '{key}' are named as another pair is.");
        }
    }

    [Fact]
    public void Random_keys_come_back_and_never_meet()
    {
        var random = new Random(7);
        var seen = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        for (var i = 0; i < 20_000; i++)
        {
            var pair = (RandomText(random, 6).Normalize(), RandomText(random, 12).Normalize());
            var key = CacheKey.Of(pair.Item1, pair.Item2);

            Assert.Equal(pair, (key.Region, key.Key));
            if (!seen.TryAdd(key.GrainKey, pair))
                Assert.Equal(seen[key.GrainKey], pair);
        }
    }

    [Fact]
    public void Texts_that_look_alike_are_one_key()
    {
        Assert.Equal(CacheKey.Of("café", "na\u00efve"), CacheKey.Of("cafe\u0301", "nai\u0308ve"));
        Assert.Equal(CacheKey.Of("r", "\u212b"), CacheKey.Of("r", "\u00c5"));
    }

    [Fact]
    public void A_key_over_a_kibibyte_is_its_hash()
    {
        var plain = CacheKey.Of("r", new string('x', 1024));
        var hashed = CacheKey.Of("r", new string('x', 1025));

        Assert.Equal(1024, plain.Key.Length);
        Assert.Equal("%sha256-", hashed.Key[..8]);
        Assert.Equal(2 + 8 + 64, hashed.GrainKey.Length);
        Assert.NotEqual(hashed, CacheKey.Of("r", new string('x', 1026)));
        Assert.Equal(hashed, CacheKey.Of("r", new string('x', 1025)));
    }

    [Fact]
    public void The_limits_count_bytes_of_utf8_and_not_characters()
    {
        Assert.Equal("%sha256-", CacheKey.Of("r", new string('€', 342)).Key[..8]);
        Assert.Equal(341, CacheKey.Of("r", new string('€', 341)).Key.Length);
        Assert.NotEqual(default, CacheKey.Of("r", new string('€', 1365)));
        Assert.Throws<ArgumentException>(() => CacheKey.Of("r", new string('€', 1366)));
    }

    [Fact]
    public void No_plain_key_can_name_a_hash()
    {
        var hashed = CacheKey.Of("r", new string('x', 2000));

        Assert.NotEqual(hashed, CacheKey.Of("r", hashed.Key));
    }

    [Fact]
    public void A_key_of_4096_bytes_is_taken_and_a_longer_one_says_its_size()
    {
        Assert.NotEqual(default, CacheKey.Of("r", new string('x', 4096)));
        var e = Assert.Throws<ArgumentException>(() => CacheKey.Of("r", new string('x', 10_000)));
        Assert.Contains("10000", e.Message, StringComparison.Ordinal);
        Assert.Contains("4096", e.Message, StringComparison.Ordinal);
    }

    [Theory]        // as numbers: an attribute's text is UTF-8 and would lose them
    [InlineData(0xd800)]
    [InlineData(0x61, 0xdc00, 0x62)]
    [InlineData(0xdc00, 0xd800)]
    public void Half_a_surrogate_pair_is_refused(params int[] units)
    {
        var text = new string([.. units.Select(unit => (char)unit)]);

        Assert.Contains("surrogate", Assert.Throws<ArgumentException>(() => CacheKey.Of("r", text)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => CacheKey.Of(text, "k"));
        Assert.Throws<ArgumentException>(() => CacheKey.For("r", ("a", text)));
        Assert.Throws<ArgumentException>(() => CacheKey.For("r", (text, "a")));
    }

    [Fact]
    public void A_long_text_with_half_a_surrogate_pair_is_refused_too()
    {
        Assert.Throws<ArgumentException>(() => CacheKey.Of("r", new string('x', 2000) + "\ud800"));
    }

    [Theory]
    [InlineData("", "k")]
    [InlineData("r", "")]
    [InlineData("r\n", "k")]
    public void An_empty_part_or_a_control_character_in_a_region_is_refused(string region, string key)
    {
        Assert.Throws<ArgumentException>(() => CacheKey.Of(region, key));
    }

    [Fact]
    public void A_region_over_256_bytes_says_its_size()
    {
        Assert.Contains("257", Assert.Throws<ArgumentException>(() => CacheKey.Of(new string('r', 257), "k")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_key_says_how_to_make_one()
    {
        Assert.Contains("CacheKey.Of", Assert.Throws<InvalidOperationException>(() => default(CacheKey).GrainKey).Message, StringComparison.Ordinal);
        Assert.Equal("(none)", default(CacheKey).ToString());
    }

    [Fact]
    public void A_key_does_not_print_what_it_holds()
    {
        Assert.Equal("people:…", CacheKey.Of("people", "ada@example.org").ToString());
    }

    [Fact]
    public void Regions_are_one_object_each()
    {
        // Other tests make regions by the thousand, and with too many of them the names are begun anew.
        Assert.Contains(Enumerable.Range(0, 100), _ => ReferenceEquals(CacheKey.Of("re" + Of('g'), "a").Region, CacheKey.OfGrain("re" + Of('g') + ":b").Region));

        static string Of(char c) => new(c, 3);
    }

    [Fact]
    public void The_name_is_the_same_in_every_culture()
    {
        var here = CultureInfo.CurrentCulture;
        try
        {
            foreach (var culture in (string[])["", "tr-TR", "ar-SA", "sv-SE", "fr-FR"])
            {
                CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
                var key = CacheKey.For("r", ("I", "ı"), ("i", -1.5), ("n", -1_234_567), ("d", new DateOnly(2026, 2, 3)), ("e", DayOfWeek.Friday));
                Assert.Equal("r:I=%25C4%25B1&d=2026-02-03&e=Friday&i=-1.5&n=-1234567", key.GrainKey);
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = here;
        }
    }

    private static string RandomText(Random random, int length)
    {
        var text = new StringBuilder();
        for (var left = random.Next(length) + 1; left > 0; left--)
        {
            Rune rune;
            do
            {
                rune = new Rune(random.Next(3) switch { 0 => ":%&=25A3"[random.Next(8)], 1 => random.Next(0x20, 0x7f), _ => random.Next(0xa0, 0xd7ff) });
            }
            while (Rune.IsControl(rune));
            text.Append(rune.ToString());
        }

        return text.ToString();
    }
}
