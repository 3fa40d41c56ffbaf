// SPDX-License-Identifier: Apache-2.0
#include "agent/connection/byte_stream.h"

#include <gtest/gtest.h>

#include <string_view>

namespace spanwire::connection {
namespace {

constexpr size_t kRoomy = 1 << 20;

ByteStream::Piece Counted(uint64_t offset, uint64_t length, uint32_t turn = 1) {
  ByteStream::Piece piece;
  piece.offset = offset;
  piece.length = length;
  piece.turn = turn;
  piece.sequence = static_cast<uint32_t>(1000 + offset);
  piece.time_ns = 100 + offset;
  return piece;
}

ByteStream::Piece Piece(uint64_t offset, std::string_view bytes, uint32_t turn = 1) {
  ByteStream::Piece piece = Counted(offset, bytes.size(), turn);
  piece.bytes = bytes;
  return piece;
}

uint64_t Append(ByteStream& stream, uint64_t offset, std::string_view bytes, uint32_t turn = 1) {
  return stream.Append(Piece(offset, bytes, turn)).added;
}

TEST(ByteStream, FrontJoinsRecordsInOrder) {
  ByteStream stream(kRoomy);
  EXPECT_EQ(Append(stream, 0, "GET /a"), 6u);
  EXPECT_EQ(Append(stream, 6, " HTTP/1.1"), 9u);
  EXPECT_EQ(stream.Front(), "GET /a HTTP/1.1");
  EXPECT_EQ(stream.Available(), 15u);
  EXPECT_FALSE(stream.HoleFollows());
}

TEST(ByteStream, FirstByteOfALongCallPassedWhenTheCallBegan) {
  ByteStream stream(kRoomy);
  ByteStream::Piece call = Piece(0, "POST /a");
  call.time_ns = 1000;
  call.took_ns = 400;
  stream.Append(call);
  EXPECT_EQ(stream.OriginOf(0).time_ns, 600u);
  EXPECT_EQ(stream.OriginOf(1).time_ns, 1000u);
  EXPECT_EQ(stream.OriginOf(6).time_ns, 1000u);
}

TEST(ByteStream, ConsumeMovesTheFront) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc");
  Append(stream, 3, "def");
  stream.Consume(4);
  EXPECT_EQ(stream.offset(), 4u);
  EXPECT_EQ(stream.Front(), "ef");
  EXPECT_EQ(stream.unread_bytes(), 2u);
}

TEST(ByteStream, ConsumeTakesNoMoreThanIsThere) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc");
  stream.Consume(10);
  EXPECT_EQ(stream.offset(), 3u);
}

TEST(ByteStream, FrontStopsAtAHole) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc");
  Append(stream, 10, "xyz");
  EXPECT_EQ(stream.Front(), "abc");
  EXPECT_EQ(stream.Available(), 3u);
  EXPECT_TRUE(stream.HoleFollows());
}

TEST(ByteStream, LateRecordFillsTheHole) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc");
  Append(stream, 6, "ghi");
  EXPECT_EQ(Append(stream, 3, "def"), 3u);
  EXPECT_EQ(stream.Front(), "abcdefghi");
  EXPECT_FALSE(stream.HoleFollows());
}

TEST(ByteStream, OverlapKeepsTheOlderCopy) {
  ByteStream stream(kRoomy);
  Append(stream, 2, "CD");
  EXPECT_EQ(Append(stream, 0, "abcdef"), 4u);
  EXPECT_EQ(stream.Front(), "abCDef");
}

TEST(ByteStream, OverlapWithConsumedBytesIsIgnored) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abcd");
  stream.Consume(4);
  EXPECT_EQ(Append(stream, 0, "abcdef"), 2u);
  EXPECT_EQ(stream.Front(), "ef");
}

TEST(ByteStream, CountedBytesEndTheFrontButAreAvailable) {
  ByteStream stream(kRoomy);
  ByteStream::Piece piece = Piece(0, "head");
  piece.length = 1000;
  EXPECT_EQ(stream.Append(piece).added, 1000u);
  Append(stream, 1000, "next");
  EXPECT_EQ(stream.Front(), "head");
  EXPECT_EQ(stream.Available(), 1004u);
  stream.Consume(1000);
  EXPECT_EQ(stream.Front(), "next");
}

TEST(ByteStream, CountedBytesMayBeConsumedInParts) {
  ByteStream stream(kRoomy);
  stream.Append(Counted(0, 10));
  Append(stream, 10, "x");
  stream.Consume(4);
  EXPECT_EQ(stream.Front(), "");
  stream.Consume(6);
  EXPECT_EQ(stream.Front(), "x");
}

TEST(ByteStream, SkipHoleReportsMissingBytes) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "GET /a");
  Append(stream, 10, "HTTP/1.1\r\n", 5);
  EXPECT_EQ(stream.TurnBehindHole(), 5u);
  EXPECT_EQ(stream.SkipHole(), 0u);
  stream.Consume(6);
  EXPECT_TRUE(stream.Front().empty());
  EXPECT_EQ(stream.SkipHole(), 4u);
  EXPECT_EQ(stream.Front(), "HTTP/1.1\r\n");
}

TEST(ByteStream, SkipHoleStopsAtCountedBytes) {
  ByteStream stream(kRoomy);
  stream.Append(Counted(5, 5));
  Append(stream, 10, "xyz");
  EXPECT_EQ(stream.SkipHole(), 5u);
  EXPECT_EQ(stream.Front(), "");
  EXPECT_EQ(stream.SkipPiece(), 5u);
  EXPECT_EQ(stream.Front(), "xyz");
}

TEST(ByteStream, LaterTurnsCanBeLeftOut) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc", 1);
  Append(stream, 3, "de", 3);
  Append(stream, 5, "f", 7);
  stream.Consume(1);
  EXPECT_EQ(stream.AvailableUpTo(0), 0u);
  EXPECT_EQ(stream.AvailableUpTo(2), 2u);
  EXPECT_EQ(stream.AvailableUpTo(3), 4u);
  EXPECT_EQ(stream.AvailableUpTo(9), 5u);
  EXPECT_EQ(stream.NextTurn(0), 1u);
  EXPECT_EQ(stream.NextTurn(3), 7u);
  EXPECT_EQ(stream.NextTurn(7), std::nullopt);
}

TEST(ByteStream, SkipPieceStopsAtTheNextRecord) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc");
  Append(stream, 3, "def");
  stream.Consume(1);
  EXPECT_EQ(stream.SkipPiece(), 2u);
  EXPECT_EQ(stream.Front(), "def");
}

TEST(ByteStream, SkipPieceDoesNotCrossAHole) {
  ByteStream stream(kRoomy);
  Append(stream, 5, "def");
  EXPECT_EQ(stream.SkipPiece(), 0u);
  EXPECT_EQ(stream.offset(), 0u);
}

TEST(ByteStream, ClearReportsKnownAndMissing) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc");
  Append(stream, 5, "def");
  const auto skipped = stream.Clear();
  EXPECT_EQ(skipped.known, 6u);
  EXPECT_EQ(skipped.missing, 2u);
  EXPECT_EQ(stream.offset(), 8u);
  EXPECT_EQ(stream.held_bytes(), 0u);
}

TEST(ByteStream, StartAtPlacesTheFirstRecord) {
  ByteStream stream(kRoomy);
  stream.StartAt(1'000'000);
  Append(stream, 1'000'000, "abc");
  EXPECT_EQ(stream.Front(), "abc");
}

TEST(ByteStream, OriginNamesTimeAndSequenceOfAByte) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc", 1);
  Append(stream, 3, "def", 3);
  EXPECT_EQ(stream.OriginOf(2).time_ns, 100u);
  EXPECT_EQ(stream.OriginOf(4).time_ns, 103u);
  EXPECT_EQ(stream.OriginOf(4).sequence, 1004u);
  EXPECT_EQ(stream.OriginOf(4).turn, 3u);
}

TEST(ByteStream, SequenceWrapsAround) {
  ByteStream stream(kRoomy);
  ByteStream::Piece piece = Piece(0, "abcd");
  piece.sequence = 0xfffffffe;
  stream.Append(piece);
  EXPECT_EQ(stream.OriginOf(3).sequence, 1u);
}

TEST(ByteStream, OriginOutsideIsEmpty) {
  ByteStream stream(kRoomy);
  Append(stream, 5, "abc");
  EXPECT_EQ(stream.OriginOf(2).time_ns, 0u);
  EXPECT_EQ(stream.OriginOf(8).time_ns, 0u);
}

TEST(ByteStream, TurnRemainsOpenUntilALaterTurnIsKnown) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc", 1);
  Append(stream, 3, "de", 3);
  EXPECT_EQ(stream.TurnRemaining(3), 3u);
  stream.Consume(1);
  EXPECT_EQ(stream.TurnRemaining(3), 2u);
  stream.Consume(2);
  EXPECT_EQ(stream.TurnRemaining(3), std::nullopt);
  EXPECT_EQ(stream.TurnRemaining(4), 2u);
}

TEST(ByteStream, TurnOfConsumedBytesHasNothingRemaining) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc", 7);
  stream.Consume(3);
  EXPECT_EQ(stream.TurnRemaining(7), std::nullopt);
  EXPECT_EQ(stream.TurnRemaining(8), 0u);
}

TEST(ByteStream, TurnNumbersWrapAround) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc", 0xffffffff);
  EXPECT_EQ(stream.TurnRemaining(0), 3u);
}

TEST(ByteStream, AHoleMayHideTheEndOfATurn) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "abc", 1);
  Append(stream, 6, "ghi", 5);
  EXPECT_EQ(stream.TurnRemaining(6), std::nullopt);
}

TEST(ByteStream, StartsTurnOnlyAtItsFirstByte) {
  ByteStream stream(kRoomy);
  ByteStream::Piece piece = Piece(0, "abc");
  piece.starts_turn = true;
  stream.Append(piece);
  EXPECT_TRUE(stream.StartsTurn());
  stream.Consume(1);
  EXPECT_FALSE(stream.StartsTurn());
}

TEST(ByteStream, LimitTurnsBytesIntoCountedOnes) {
  ByteStream stream(200);
  const std::string text(300, 'x');
  const auto appended = stream.Append(Piece(0, text));
  EXPECT_EQ(appended.added, 300u);
  EXPECT_GT(appended.cut, 0u);
  EXPECT_EQ(stream.Front().size() + appended.cut, 300u);
  EXPECT_EQ(stream.Available(), 300u);
  EXPECT_LE(stream.held_bytes(), 200u);
}

TEST(ByteStream, ManySmallRecordsStayWithinTheLimit) {
  ByteStream stream(4096);
  for (uint64_t i = 0; i < 100'000; ++i) Append(stream, i, "x");
  EXPECT_LE(stream.held_bytes(), 4096u + 128u);
  EXPECT_EQ(stream.Available(), 100'000u);
  stream.Consume(100'000);
  EXPECT_EQ(stream.held_bytes(), 0u);
}

TEST(ByteStream, BorrowedBytesAreReadInPlace) {
  ByteStream stream(kRoomy);
  const std::string text = "GET / HTTP/1.1";
  EXPECT_EQ(stream.AppendBorrowed(Piece(0, text)).added, text.size());
  EXPECT_EQ(stream.Front().data(), text.data());
  stream.Consume(text.size());
  EXPECT_EQ(stream.Settle(), 0u);
  EXPECT_TRUE(stream.Empty());
}

TEST(ByteStream, SettleCopiesWhatIsLeft) {
  ByteStream stream(kRoomy);
  {
    std::string text = "GET / HTTP/1.1";
    stream.AppendBorrowed(Piece(0, text));
    stream.Consume(4);
    stream.Settle();
    text.assign(text.size(), '!');
  }
  EXPECT_EQ(stream.Front(), "/ HTTP/1.1");
  Append(stream, 14, "\r\n");
  EXPECT_EQ(stream.Front(), "/ HTTP/1.1\r\n");
}

TEST(ByteStream, SettleKeepsTheLimit) {
  ByteStream stream(100);
  const std::string text(300, 'x');
  stream.AppendBorrowed(Piece(0, text));
  const size_t cut = stream.Settle();
  EXPECT_GT(cut, 0u);
  EXPECT_EQ(stream.Front().size(), 300 - cut);
  EXPECT_EQ(stream.Available(), 300u);
}

TEST(ByteStream, BorrowingBehindHeldBytesCopies) {
  ByteStream stream(kRoomy);
  Append(stream, 0, "ab");
  const std::string text = "cd";
  stream.AppendBorrowed(Piece(2, text));
  EXPECT_EQ(stream.Front(), "abcd");
}

TEST(ByteStream, ARecordBeyondTheEndOfOffsetsIsRefused) {
  ByteStream stream(kRoomy);
  EXPECT_EQ(stream.Append(Counted(~uint64_t{0} - 3, 10)).added, 0u);
  EXPECT_EQ(stream.Available(), 0u);
}

}  // namespace
}  // namespace spanwire::connection
